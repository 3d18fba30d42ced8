// What a structure file holds, between those who read it and those who choose atoms of it.
#pragma once

#include "CGemmiStructure.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gemmi/model.hpp>

namespace structures {

struct Fault {
  cgemmi_structure_status status = cgemmi_structure_fine;
  std::string found, need;
  size_t line = 0;
};

inline const char *const needed = "a PDB or mmCIF file is needed";

[[noreturn]] inline void malformed(std::string found, std::string need = needed, size_t line = 0) {
  throw Fault{cgemmi_structure_malformed, std::move(found), std::move(need), line};
}

[[noreturn]] inline void refused(std::string found, std::string need) {
  throw Fault{cgemmi_structure_refused, std::move(found), std::move(need)};
}

/// What a message repeats of a file, which may be as long as the file.
inline std::string shortened(const std::string &text) {
  const size_t longest = 40;
  return text.size() > longest ? text.substr(0, longest) + "…" : text;
}

/// "A, B, C": the first names of many.
template <typename Items, typename Name>
std::string list(const Items &items, Name name) {
  const size_t most = 30;
  std::string text;
  size_t count = 0;
  for (const auto &item : items)
    if (++count <= most) text += (text.empty() ? "" : ", ") + shortened(name(item));
  return count > most ? text + " and " + std::to_string(count - most) + " more" : text;
}

/// Some chains, or parts of them, as often as there are transforms.
struct Part {
  /// PDB files name chains, mmCIF files parts of chains.
  std::vector<std::string> chains, subchains;
  /// Of an mmCIF file, "(1-60)(61-88)"; it may stand for many more transforms than it has characters.
  std::string expression;
  /// Of a PDB file, which lists them.
  std::vector<gemmi::Transform> transforms;
};

/// A biological assembly.
struct Assembly {
  std::string name;
  std::vector<Part> parts;
};

struct File {
  gemmi::Structure structure;
  std::vector<Assembly> assemblies;
  /// What the expressions of assemblies name.
  std::map<std::string, gemmi::Transform> operations;
  /// The name of a score that stands in place of B-factors, by the file's own words; empty if it says none.
  std::string confidence;
};

/// Whether `text` begins with the letters of `word`, small or capital; neither may hold anything else there. A space
/// and a zero are one, as in gemmi, which tells records apart by their first letters.
inline bool begins_with(const char *text, size_t length, std::string_view word) {
  if (length < word.size()) return false;
  return std::equal(word.begin(), word.end(), text, [](char a, char b) { return (a & ~0x20) == (b & ~0x20); });
}

/// Reads a file, plain or gzipped.
File parse(const char *path);

// The formats; both take the text apart.
File parse_pdb(std::string text);
File parse_mmcif(std::string text);

/// The transforms of every part of an assembly, in their order. Their number is known before a list is made.
std::vector<std::vector<gemmi::Transform>> transforms(const File &file, const Assembly &assembly);

} // namespace structures
