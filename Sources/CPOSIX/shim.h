#include <sys/types.h>

#if defined(__linux__)
// Swift's Glibc module hides this GNU function. Its portable sister posix_fallocate is no stand-in:
// where a file system cannot reserve space it writes to every block, a second full write of the file.
int fallocate(int descriptor, int mode, off_t offset, off_t length);
#endif
