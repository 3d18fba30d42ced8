// The text of a file, plain or gzipped, for the readers of this target.
#pragma once

#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

/// Why a file has no text: what was found and what would do, two clauses of one sentence.
struct TextFileFault {
  bool is_text;
  std::string found, need;
  /// From 0; negative where no byte is to blame.
  int64_t byte = -1;
};

/// - Parameter wanted: "a STAR file".
inline std::string read_text_file(const char *path, const std::string &wanted) {
  auto unreadable = [](std::string found, std::string need) {
    return TextFileFault{true, std::move(found), std::move(need)};
  };
  auto reason = [](int code) {
    return code == ENOENT ? std::string("no such file") : std::generic_category().message(code);
  };
  struct stat status;
  if (stat(path, &status) != 0) throw unreadable(reason(errno), "the path of " + wanted + " is needed");
  if (S_ISDIR(status.st_mode)) throw unreadable("is a directory", "the path of " + wanted + " is needed");

  // zlib passes a file that is not gzipped through as it is.
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path, "rb"), gzclose_r);
  if (!file) throw unreadable("cannot be opened: " + reason(errno), "a readable file is needed");
  gzbuffer(file.get(), 1 << 18);

  std::string text;
  if (S_ISREG(status.st_mode)) text.reserve(size_t(status.st_size) + 1);
  const size_t step = 1 << 20, most_unpacked = 64 << 20, most_expansion = 200;
  size_t filled = 0;
  int got;
  do {
    text.resize(filled + step);
    got = gzread(file.get(), &text[filled], step);
    if (got > 0) {
      // Looked for at every step, so that a map of zeros that was packed small is not unpacked whole.
      if (const void *zero = std::memchr(&text[filled], 0, size_t(got)))
        throw TextFileFault{
            false, "a zero byte: this is not text", wanted + " is needed",
            static_cast<const char *>(zero) - text.data()};
      filled += size_t(got);
    }
    // Tables pack to a third or a tenth; past this a small file is there to fill the memory.
    if (S_ISREG(status.st_mode) && filled > most_unpacked && filled / most_expansion > size_t(status.st_size))
      throw TextFileFault{
          false, "unpacks to more than " + std::to_string(most_expansion) + " times its size",
          wanted + " in gzip of a sensible size, or unpacked, is needed"};
  } while (got > 0);
  text.resize(filled);
  int code = Z_OK;
  gzerror(file.get(), &code);
  // A compressed stream that stops short is no error to gzread, only to gzclose.
  int closed = gzclose_r(file.release());
  if (got < 0 && code == Z_ERRNO) throw unreadable("cannot be read: " + reason(errno), "a readable file is needed");
  if (got < 0 || closed != Z_OK)
    throw unreadable("is damaged or cut short (gzip)", "the whole file is needed");
  return text;
}
