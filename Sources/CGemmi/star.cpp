// RELION's STAR files through gemmi's CIF grammar.
//
// gemmi's own Document keeps a std::string a value and no line numbers inside a loop. Its grammar takes
// other actions in their place: these gather columns, each one run of text, and hold every row to one
// line, as RELION writes and reads it. That also finds rows whose lengths are wrong but add up.

#include "CGemmi.h"
#include "text_file.hpp"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <gemmi/atof.hpp>
#include <gemmi/cif.hpp>

namespace {

namespace pegtl = tao::pegtl;
namespace rules = gemmi::cif::rules;

struct Fault {
  cgemmi_star_status status = cgemmi_star_fine;
  std::string found, need;
  size_t line = 0;
  int64_t byte = -1;
};

struct Column {
  std::string name, text;
  std::vector<ptrdiff_t> ends;
};

struct Pair {
  std::string name, value;
  size_t line;
};

struct Block {
  std::string name;
  size_t line;
  std::vector<Pair> pairs = {};
  std::vector<Column> columns = {};
  std::vector<uint32_t> row_lines = {};
  size_t loop_line = 0;
};

[[noreturn]] void malformed(size_t line, std::string found, std::string need) {
  throw Fault{cgemmi_star_malformed, std::move(found), std::move(need), line};
}

[[noreturn]] void unsupported(size_t line, std::string found, std::string need) {
  throw Fault{cgemmi_star_unsupported, std::move(found), std::move(need), line};
}

std::string counted(size_t count, const char *noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// A name for a message, which may be as long as the file.
std::string shortened(const std::string &name) {
  const size_t longest = 60;
  return name.size() > longest ? name.substr(0, longest) + "…" : name;
}

/// The beginning of the next word, for a message.
std::string excerpt(const char *start, const char *end) {
  const size_t longest = 40;
  const char *stop = start;
  while (stop < end && static_cast<unsigned char>(*stop) > ' ' && size_t(stop - start) < longest) ++stop;
  bool cut = stop < end && static_cast<unsigned char>(*stop) > ' ';
  return "'" + std::string(start, stop) + (cut ? "…'" : "'");
}

// MARK: The file's text

std::string file_text(const char *path) {
  try {
    return read_text_file(path, "a STAR file");
  } catch (TextFileFault &fault) {
    throw Fault{
        fault.is_text ? cgemmi_star_unreadable : cgemmi_star_malformed, std::move(fault.found),
        std::move(fault.need), 0, fault.byte};
  }
}

/// Refuses what is not text, before the grammar gives a less helpful reason.
void check_is_text(std::string_view text) {
  if (text.empty())
    throw Fault{cgemmi_star_malformed, "is empty", "data_ blocks are needed"};
  auto is_control = [](unsigned char c) {
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  };
  // In stretches without an early exit, which compilers turn into vector instructions.
  const size_t stretch = 4096;
  for (size_t start = 0; start < text.size(); start += stretch) {
    std::string_view part = text.substr(start, stretch);
    unsigned char any = 0;
    for (char c : part) any |= static_cast<unsigned char>(is_control(static_cast<unsigned char>(c)));
    if (!any) continue;
    auto found = std::find_if(part.begin(), part.end(), is_control);
    const char *digits = "0123456789abcdef";
    unsigned char c = static_cast<unsigned char>(*found);
    std::string code = {digits[c >> 4], digits[c & 15]};
    throw Fault{
        cgemmi_star_malformed, "a control character (0x" + code + "): this is not text",
        "a STAR file is needed", 0, static_cast<int64_t>(start) + (found - part.begin())};
  }
}

/// The text as the grammar may see it, if that has to differ.
///
/// CIF allows neither bytes above ASCII nor values that begin with `_`, `$` or a keyword; RELION, which
/// splits lines at blanks, does, and files hold such paths. Where one stands, its first byte (every byte
/// above ASCII) is replaced by a letter in a copy that is parsed in the text's place: offsets agree, and
/// values are taken from the text itself.
std::string masked_text(std::string_view text) {
  const char letter = 'x';
  std::string masked;
  auto mask = [&](size_t i) {
    if (masked.empty()) masked = text;
    masked[i] = letter;
  };
  auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  auto is_first_on_line = [&](size_t i) {
    while (i > 0 && is_blank(text[i - 1])) --i;
    return i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r';
  };
  auto is_reserved = [&](size_t i) {
    if (text[i] == '_' || text[i] == '$') return true;
    for (std::string_view keyword : {"data_", "loop_", "save_", "stop_", "global_"})
      if (strncasecmp(&text[i], keyword.data(), std::min(keyword.size(), text.size() - i)) == 0)
        return true;
    return false;
  };
  bool may_begin_reserved[256] = {};
  for (char c : std::string_view("_$dlsgDLSG")) may_begin_reserved[static_cast<unsigned char>(c)] = true;
  char before = '\n';
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80 || (is_blank(before) && may_begin_reserved[c] && is_reserved(i) && !is_first_on_line(i)))
      mask(i);
    before = text[i];
  }
  return masked;
}

// MARK: What the grammar's rules do

/// Names, each with the line of its first use, to find the second by hash: a file may hold a million.
class Names {
 public:
  /// The line of the first use of a name that was seen before; 0 for a new one.
  size_t line_before(const std::string &name, size_t line) {
    const auto place = lines.emplace(name, line);
    return place.second ? 0 : place.first->second;
  }
  /// At a cost that does not depend on how many there once were.
  void clear() {
    if (!lines.empty()) lines = decltype(lines)();
  }

 private:
  std::unordered_map<std::string, size_t> lines;
};

/// What the actions share: the blocks so far, and the row being read.
struct Reader {
  std::vector<Block> blocks;
  Names block_names, pair_names, column_names;
  std::string_view text;
  size_t values_on_line = 0, line_of_values = 0;

  /// Takes a match's text from the file, not from its masked copy.
  template <typename Input>
  std::string_view taken(const Input &in) const {
    return text.substr(in.iterator().byte, in.size());
  }

  template <typename Input>
  std::string_view value(const Input &in) const {
    std::string_view token = taken(in);
    if (token.size() >= 2 && (token[0] == '"' || token[0] == '\'')) return token.substr(1, token.size() - 2);
    if (token[0] == ';' && token.find('\n') != token.npos)
      unsupported(in.iterator().line, "a text field of several lines", "values on one line are needed");
    return token;
  }

  void check_row() const {
    size_t width = blocks.back().columns.size();
    if (values_on_line != 0 && values_on_line != width)
      malformed(line_of_values, "row has " + counted(values_on_line, "value"),
                "the loop has " + counted(width, "column"));
  }
};

template <typename Rule>
struct Action : pegtl::nothing<Rule> {};

template <>
struct Action<rules::datablockname> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    std::string name(reader.taken(in));
    if (const size_t first = reader.block_names.line_before(name, in.iterator().line))
      malformed(in.iterator().line, "a second block data_" + shortened(name),
                "one is needed (the first is on line " + std::to_string(first) + ")");
    reader.pair_names.clear();
    reader.column_names.clear();
    reader.blocks.push_back(Block{std::move(name), in.iterator().line});
  }
};

template <>
struct Action<rules::str_global> {
  template <typename Input>
  static void apply(const Input &in, Reader &) {
    unsupported(in.iterator().line, "a global_ block", "data_ blocks are needed");
  }
};

template <>
struct Action<rules::str_save> {
  template <typename Input>
  static void apply(const Input &in, Reader &) {
    unsupported(in.iterator().line, "a save_ frame", "data_ blocks of pairs and loops are needed");
  }
};

template <>
struct Action<rules::item_tag> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    Block &block = reader.blocks.back();
    std::string name(reader.taken(in));
    if (const size_t first = reader.pair_names.line_before(name, in.iterator().line))
      malformed(in.iterator().line, "a second " + shortened(name),
                "one is needed (the first is on line " + std::to_string(first) + ")");
    block.pairs.push_back(Pair{std::move(name), {}, in.iterator().line});
  }
};

template <>
struct Action<rules::item_value> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    reader.blocks.back().pairs.back().value = reader.value(in);
  }
};

template <>
struct Action<rules::missing_value> {
  template <typename Input>
  static void apply(const Input &, Reader &reader) {
    const Pair &pair = reader.blocks.back().pairs.back();
    malformed(pair.line, shortened(pair.name) + " has no value", "a value is needed (\"\" for none)");
  }
};

template <>
struct Action<rules::str_loop> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    Block &block = reader.blocks.back();
    if (!block.columns.empty())
      unsupported(in.iterator().line, "a second loop_ in block data_" + shortened(block.name),
                  "one loop a block is needed");
    block.loop_line = in.iterator().line;
    reader.values_on_line = reader.line_of_values = 0;
  }
};

template <>
struct Action<rules::loop_tag> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    Block &block = reader.blocks.back();
    std::string name(reader.taken(in));
    if (reader.column_names.line_before(name, in.iterator().line))
      malformed(in.iterator().line, "a second column " + shortened(name), "one of that name is needed");
    block.columns.push_back(Column{std::move(name), {}, {}});
  }
};

template <>
struct Action<rules::loop_value> {
  template <typename Input>
  static void apply(const Input &in, Reader &reader) {
    Block &block = reader.blocks.back();
    std::string_view value = reader.value(in);
    const size_t line = in.iterator().line;
    if (line != reader.line_of_values) {
      reader.check_row();
      reader.values_on_line = 0;
      reader.line_of_values = line;
      block.row_lines.push_back(static_cast<uint32_t>(line));
    }
    // Values beyond the width are only counted, for the message at the line's end.
    const size_t position = reader.values_on_line++;
    if (position >= block.columns.size()) return;
    Column &column = block.columns[position];
    column.text.append(value);
    column.ends.push_back(static_cast<ptrdiff_t>(column.text.size()));
  }
};

template <>
struct Action<rules::loop> {
  template <typename Input>
  static void apply(const Input &, Reader &reader) {
    reader.check_row();
  }
};

/// gemmi's messages where it has its own, else what stands where the grammar stops.
template <typename Rule>
struct Control : pegtl::normal<Rule> {
  template <typename Input, typename... States>
  static void raise(const Input &in, States &&...) {
    std::string message = gemmi::cif::error_message<Rule>();
    if (message == "parse error" || message == "expected block header (data_)") {
      message = in.empty() ? "the file ends early" : excerpt(in.current(), in.end()) + " is not expected here";
    }
    malformed(in.position().line, std::move(message),
              "data_ blocks with _name value pairs and loop_ tables are needed");
  }
};

std::vector<Block> parse(std::string_view text) {
  const std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.substr(0, 3) == byte_order_mark) text.remove_prefix(3);
  check_is_text(text);
  const std::string masked = masked_text(text);
  std::string_view seen = masked.empty() ? text : std::string_view(masked);
  Reader reader;
  reader.text = text;
  // Lines are to end at a line feed alone, with or without a carriage return before it.
  pegtl::memory_input<pegtl::tracking_mode::eager, pegtl::eol::lf_crlf> in(seen.data(), seen.size(), "");
  if (!pegtl::parse<rules::file, Action, Control>(in, reader))
    throw Fault{cgemmi_star_malformed, "nothing but blanks and comments", "data_ blocks are needed"};
  return std::move(reader.blocks);
}

cgemmi_text text_of(const std::string &string) { return {string.data(), string.size()}; }

}  // namespace

struct cgemmi_star {
  std::vector<Block> blocks;
  Fault fault;
};

namespace {

/// Runs `work` for the blocks; whatever it throws ends in the handle.
template <typename Work>
cgemmi_star *opened(Work work) {
  std::unique_ptr<cgemmi_star> star;
  try {
    star.reset(new cgemmi_star);
    star->blocks = work();
  } catch (Fault &fault) {
    star->fault = std::move(fault);
  } catch (const std::bad_alloc &) {
    if (star) star->fault = {cgemmi_star_unreadable, "does not fit in memory", "a smaller file is needed"};
  } catch (const std::exception &error) {
    star->fault = {cgemmi_star_malformed, error.what(), "a STAR file is needed"};
  } catch (...) {
    star->fault = {cgemmi_star_malformed, "cannot be read", "a STAR file is needed"};
  }
  return star.release();
}

}  // namespace

extern "C" {

cgemmi_star *cgemmi_star_read(const char *path) {
  return opened([&] { return parse(file_text(path)); });
}

cgemmi_star *cgemmi_star_parse(const char *text, size_t size) {
  return opened([&] { return parse(std::string_view(text, size)); });
}

void cgemmi_star_free(cgemmi_star *star) { delete star; }

cgemmi_star_status cgemmi_star_error_status(const cgemmi_star *star) { return star->fault.status; }
const char *cgemmi_star_error_found(const cgemmi_star *star) { return star->fault.found.c_str(); }
const char *cgemmi_star_error_need(const cgemmi_star *star) { return star->fault.need.c_str(); }
size_t cgemmi_star_error_line(const cgemmi_star *star) { return star->fault.line; }
int64_t cgemmi_star_error_byte(const cgemmi_star *star) { return star->fault.byte; }

size_t cgemmi_star_block_count(const cgemmi_star *star) { return star->blocks.size(); }
cgemmi_text cgemmi_star_block_name(const cgemmi_star *star, size_t block) {
  return text_of(star->blocks[block].name);
}
size_t cgemmi_star_block_line(const cgemmi_star *star, size_t block) { return star->blocks[block].line; }

size_t cgemmi_star_pair_count(const cgemmi_star *star, size_t block) {
  return star->blocks[block].pairs.size();
}
size_t cgemmi_star_pair_line(const cgemmi_star *star, size_t block, size_t pair) {
  return star->blocks[block].pairs[pair].line;
}
cgemmi_text cgemmi_star_pair_name(const cgemmi_star *star, size_t block, size_t pair) {
  return text_of(star->blocks[block].pairs[pair].name);
}
cgemmi_text cgemmi_star_pair_value(const cgemmi_star *star, size_t block, size_t pair) {
  return text_of(star->blocks[block].pairs[pair].value);
}

size_t cgemmi_star_column_count(const cgemmi_star *star, size_t block) {
  return star->blocks[block].columns.size();
}
size_t cgemmi_star_row_count(const cgemmi_star *star, size_t block) {
  return star->blocks[block].row_lines.size();
}
size_t cgemmi_star_loop_line(const cgemmi_star *star, size_t block) {
  return star->blocks[block].loop_line;
}
const uint32_t *cgemmi_star_row_lines(const cgemmi_star *star, size_t block) {
  return star->blocks[block].row_lines.data();
}
cgemmi_text cgemmi_star_column_name(const cgemmi_star *star, size_t block, size_t column) {
  return text_of(star->blocks[block].columns[column].name);
}
cgemmi_star_cells cgemmi_star_column_cells(const cgemmi_star *star, size_t block, size_t column) {
  const Column &cells = star->blocks[block].columns[column];
  return {cells.text.data(), cells.ends.data()};
}
void cgemmi_star_drop_column(cgemmi_star *star, size_t block, size_t column) {
  Column &cells = star->blocks[block].columns[column];
  std::string().swap(cells.text);
  std::vector<ptrdiff_t>().swap(cells.ends);
}

size_t cgemmi_star_numbers(cgemmi_star_cells cells, size_t count, double *numbers) {
  const char *start = cells.text;
  for (size_t i = 0; i < count; ++i) {
    const char *end = cells.text + cells.ends[i];
    // gemmi's reader also takes blanks in front, and a plus sign before a minus.
    const std::string_view cell(start, size_t(end - start));
    bool is_lax = cell.substr(0, 1) == " " || cell.substr(0, 1) == "\t" || cell.substr(0, 2) == "+-";
    auto result = gemmi::fast_from_chars(start, end, numbers[i]);
    if (is_lax || result.ec != std::errc() || result.ptr != end || !std::isfinite(numbers[i])) return i;
    start = end;
  }
  return count;
}

}  // extern "C"
