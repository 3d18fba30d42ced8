#pragma once
#include <stddef.h>
#include <stdint.h>

// C over gemmi's C++. No exception leaves these functions: what fails is kept in the handle and asked
// for there. Handles are not shared between threads while a function that takes them non-const runs.

#ifdef __cplusplus
extern "C" {
#endif

// MARK: STAR files

/// A STAR file taken apart, or the reason why it could not be.
typedef struct cgemmi_star cgemmi_star;

typedef enum {
  cgemmi_star_fine = 0,
  /// Missing, forbidden, a directory, or broken while being read.
  cgemmi_star_unreadable = 1,
  /// Breaks the rules of the format.
  cgemmi_star_malformed = 2,
  /// Keeps CIF's rules, but with what RELION's tables never hold.
  cgemmi_star_unsupported = 3,
} cgemmi_star_status;

/// Reads a file, plain or gzipped. NULL only where there is no memory for the handle itself.
cgemmi_star *cgemmi_star_read(const char *path);

/// The same from `size` bytes of text, which need not outlive the call.
cgemmi_star *cgemmi_star_parse(const char *text, size_t size);

void cgemmi_star_free(cgemmi_star *star);

/// Unless this is `cgemmi_star_fine`, only the functions with `error` in their names may be called.
cgemmi_star_status cgemmi_star_error_status(const cgemmi_star *star);
/// What was found, and what would do instead: two clauses of one sentence.
const char *cgemmi_star_error_found(const cgemmi_star *star);
const char *cgemmi_star_error_need(const cgemmi_star *star);
/// From 1; 0 where no line is to blame.
size_t cgemmi_star_error_line(const cgemmi_star *star);
/// From 0; negative where no byte is to blame.
int64_t cgemmi_star_error_byte(const cgemmi_star *star);

/// Text without a terminator.
typedef struct {
  const char *start;
  size_t size;
} cgemmi_text;

/// All values of a column: value `i` is `text[ends[i - 1] ..< ends[i]]` (from 0 for the first), quotes
/// taken off.
typedef struct {
  const char *text;
  const ptrdiff_t *ends;
} cgemmi_star_cells;

size_t cgemmi_star_block_count(const cgemmi_star *star);
/// What follows `data_`, often nothing.
cgemmi_text cgemmi_star_block_name(const cgemmi_star *star, size_t block);
size_t cgemmi_star_block_line(const cgemmi_star *star, size_t block);

/// Name–value pairs outside the block's loop; names keep their underscore.
size_t cgemmi_star_pair_count(const cgemmi_star *star, size_t block);
size_t cgemmi_star_pair_line(const cgemmi_star *star, size_t block, size_t pair);
cgemmi_text cgemmi_star_pair_name(const cgemmi_star *star, size_t block, size_t pair);
cgemmi_text cgemmi_star_pair_value(const cgemmi_star *star, size_t block, size_t pair);

/// The block's loop; no columns where it has none.
size_t cgemmi_star_column_count(const cgemmi_star *star, size_t block);
size_t cgemmi_star_row_count(const cgemmi_star *star, size_t block);
size_t cgemmi_star_loop_line(const cgemmi_star *star, size_t block);
/// The line of every row, from 1.
const uint32_t *cgemmi_star_row_lines(const cgemmi_star *star, size_t block);
cgemmi_text cgemmi_star_column_name(const cgemmi_star *star, size_t block, size_t column);
cgemmi_star_cells cgemmi_star_column_cells(const cgemmi_star *star, size_t block, size_t column);
/// Gives a column's memory back once its cells are copied; the column is empty afterwards.
void cgemmi_star_drop_column(cgemmi_star *star, size_t block, size_t column);

/// Reads `count` cells as decimal numbers into `numbers`.
/// Returns `count`, or the index of the first cell that is not one finite number and nothing else.
size_t cgemmi_star_numbers(cgemmi_star_cells cells, size_t count, double *numbers);

#ifdef __cplusplus
}
#endif
