// PDB files through gemmi.
//
// gemmi reads forgivingly: a coordinate that is no number becomes 0, a B-factor that is missing 20 Å². Here
// numbers are looked at before gemmi sees them, and what is missing becomes 0. gemmi also puts together what is
// said of bonds, sequences and sheets, by searches whose time grows with the square of the file: those records are
// left out.

#include "structure_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

// Debian's package leaves out the formatting library that gemmi brings along.
#define USE_STD_SNPRINTF
#include <gemmi/atof.hpp>
#include <gemmi/pdb.hpp>
#include <gemmi/polyheur.hpp>

namespace structures {
namespace {

std::string trimmed(const char *start, size_t length) {
  const char *end = start + length;
  while (start < end && std::isspace((unsigned char)*start)) ++start;
  while (end > start && std::isspace((unsigned char)end[-1])) --end;
  return std::string(start, end);
}

bool is_number(const std::string &text) {
  if (text.empty()) return false;
  const char *start = text.c_str() + (text[0] == '+' ? 1 : 0), *end = text.c_str() + text.size();
  double value = 0;
  const auto result = gemmi::fast_from_chars(start, end, value);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(value);
}

/// Counts the comparisons by which gemmi finds a chain of the same name among those before it in its model, and a
/// model among models, so that no file is read whose lists would be searched for ever.
class Searches {
 public:
  void chain(const std::string &name) {
    if (in_chain && name == last) return;
    in_chain = true;
    last = name;
    if (!in_model) begin_model();
    const auto place = first_of_name.emplace(name, chains);
    add(place.first->second + 1);
    ++chains;
  }
  void begin_model() {
    in_model = true;
    chains = 0;
    if (!first_of_name.empty()) first_of_name = decltype(first_of_name)();
    add(++models);
  }
  void end_model() { in_model = in_chain = false; }

 private:
  std::unordered_map<std::string, size_t> first_of_name;
  std::string last;
  bool in_chain = false, in_model = false;
  size_t chains = 0, models = 0, comparisons = 0;

  void add(size_t count) {
    const size_t most = 500000000;
    comparisons += count;
    if (comparisons > most)
      malformed("its chains change too often, or it has too many models (" + std::to_string(models) + ")",
                "an mmCIF file or one of fewer models is needed");
  }
};

/// Looks at the numbers of every atom, and fills in an occupancy of 1 and a B-factor of 0 where there is none:
/// gemmi takes blanks for 0 and has another B-factor for records that end early.
class AtomRecords {
 public:
  /// Appends the record of `length` columns as gemmi is to see it.
  static void append(std::string &kept, const char *line, size_t length, size_t number) {
    if (length < coordinates)
      malformed("an atom's record of " + std::to_string(length) + " columns",
                "its coordinates need " + std::to_string(coordinates), number);
    const size_t start = kept.size();
    kept.append(line, length);
    for (const Field &field : fields) {
      const size_t first = std::min(field.first, length);
      const std::string value = trimmed(line + first, std::min(field.length, length - first));
      if (value.empty() && field.missing) {
        kept.resize(std::max(kept.size(), start + whole), ' ');
        kept.replace(start + field.first, field.length, field.missing);
      } else if (!is_number(value)) {
        malformed(std::string("an atom's ") + field.name + " is '" + value + "'",
                  "a number is needed in columns " + std::to_string(field.first + 1) + " to " +
                      std::to_string(field.first + field.length),
                  number);
      }
    }
  }

 private:
  struct Field {
    const char *name;
    size_t first, length;
    const char *missing;
  };
  static constexpr Field fields[] = {{"x", 30, 8, nullptr},
                                     {"y", 38, 8, nullptr},
                                     {"z", 46, 8, nullptr},
                                     {"occupancy", 54, 6, "  1.00"},
                                     {"B-factor", 60, 6, "  0.00"}};
  static constexpr size_t coordinates = 54, whole = 66;
};

/// Whether a structure was predicted, and by whom: predictions say so where experiments say how they were done.
class Prediction {
 public:
  void see(const char *line, size_t length) {
    if (is(line, length, "EXPDTA")) {
      if (!contains(line, length, "THEORETICAL")) is_experiment = true;
    } else if (!found && (is(line, length, "TITLE ") || is(line, length, "REMARK") || is(line, length, "HEADER") ||
                          is(line, length, "COMPND") || is(line, length, "KEYWDS"))) {
      for (const char *word : {"ALPHAFOLD", "ESMFOLD", "COLABFOLD", "PLDDT"})
        if (contains(line, length, word)) found = true;
    }
  }
  std::string confidence() const { return found && !is_experiment ? "pLDDT" : ""; }

 private:
  bool found = false, is_experiment = false;

  static bool is(const char *line, size_t length, const char *record) {
    return length >= 6 && std::strncmp(line, record, 6) == 0;
  }
  static bool contains(const char *line, size_t length, const char *word) {
    const char *end = line + length;
    auto same = [](char a, char b) { return std::toupper((unsigned char)a) == b; };
    return std::search(line, end, word, word + std::strlen(word), same) != end;
  }
};

/// By the first four letters, as gemmi tells records apart.
bool is_record(const char *line, size_t length, std::string_view record) {
  return begins_with(line, length, record.substr(0, 4));
}

/// "END" and nothing else, or something that is no word.
bool is_end(const char *line, size_t length) {
  return begins_with(line, length, "END") &&
         (length == 3 || ((unsigned char)line[3] & ~0x2fu) == 0);
}

bool is_ter(const char *line, size_t length) {
  return begins_with(line, length, "TER");
}

bool is_assembly(const char *line, size_t length) {
  return length > 10 && is_record(line, length, "REMARK") && std::strncmp(line + 7, "350", 3) == 0;
}

/// The records that make atoms and assemblies, with every other line left empty, so that lines keep their numbers.
std::string kept_records(const std::string &text, std::string &confidence) {
  std::string kept;
  kept.reserve(text.size() + text.size() / 8);
  Searches searches;
  Prediction prediction;
  size_t atoms = 0, number = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const char *line = &text[start];
    size_t length = end - start;
    if (length > 0 && text[end - 1] == '\r') --length;
    ++number;
    if (length >= 6 && (is_record(line, length, "ATOM") || is_record(line, length, "HETATM"))) {
      ++atoms;
      AtomRecords::append(kept, line, length, number);
      searches.chain(trimmed(line + 20, 2));
    } else if (is_end(line, length)) {
      break;
    } else if (is_record(line, length, "MODEL")) {
      kept.append(line, length);
      searches.begin_model();
    } else if (is_record(line, length, "ENDMDL")) {
      kept.append(line, length);
      searches.end_model();
    } else if (is_record(line, length, "ANISOU") || is_ter(line, length) || is_assembly(line, length)) {
      kept.append(line, length);
    } else {
      prediction.see(line, length);
    }
    kept += '\n';
    start = end + 1;
  }
  if (atoms == 0) malformed("no ATOM or HETATM records");
  confidence = prediction.confidence();
  return kept;
}

} // namespace

File parse_pdb(std::string text) {
  File file;
  text = kept_records(text, file.confidence);
  file.structure = gemmi::read_pdb_from_memory(text.data(), text.size(), "structure");
  std::string().swap(text);
  // Selections ask for polymers, ligands and waters.
  gemmi::assign_subchains(file.structure, false);
  for (const gemmi::Assembly &assembly : file.structure.assemblies) {
    file.assemblies.push_back({assembly.name, {}});
    for (const gemmi::Assembly::Gen &generator : assembly.generators) {
      Part part = {generator.chains, generator.subchains, {}, {}};
      for (const gemmi::Assembly::Operator &operation : generator.operators)
        part.transforms.push_back(operation.transform);
      file.assemblies.back().parts.push_back(std::move(part));
    }
  }
  return file;
}

} // namespace structures
