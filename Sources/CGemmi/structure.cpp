// PDB and mmCIF files through gemmi.
//
// gemmi reads forgivingly: a coordinate that is no number becomes 0 in a PDB file, a B-factor that is
// missing 20 or 50 Å². Here numbers are looked at before gemmi sees them, and what is missing becomes 0.

#include "CGemmiStructure.h"
#include "text_file.hpp"


#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

// Debian's package leaves out the formatting library that gemmi brings along.
#define USE_STD_SNPRINTF
#include <gemmi/atof.hpp>
#include <gemmi/c4322.hpp>
#include <gemmi/cif.hpp>
#include <gemmi/elem.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/pdb.hpp>
#include <gemmi/polyheur.hpp>
#include <gemmi/select.hpp>

namespace {

struct Fault {
  cgemmi_structure_status status = cgemmi_structure_fine;
  std::string found, need;
  size_t line = 0;
};

const char *const needed = "a PDB or mmCIF file is needed";

[[noreturn]] void malformed(std::string found, std::string need = needed, size_t line = 0) {
  throw Fault{cgemmi_structure_malformed, std::move(found), std::move(need), line};
}

[[noreturn]] void refused(std::string found, std::string need) {
  throw Fault{cgemmi_structure_refused, std::move(found), std::move(need)};
}

template <typename Items, typename Name>
std::string list(const Items &items, Name name) {
  std::string text;
  for (const auto &item : items) text += (text.empty() ? "" : ", ") + name(item);
  return text;
}

// MARK: The file's text

std::string file_text(const char *path) {
  try {
    return read_text_file(path, "a PDB or mmCIF file");
  } catch (TextFileFault &fault) {
    throw Fault{
        fault.is_text ? cgemmi_structure_unreadable : cgemmi_structure_malformed, std::move(fault.found),
        std::move(fault.need)};
  }
}

// MARK: PDB

bool is_atom_record(const char *line, size_t length) {
  return length >= 6 && (gemmi::ialpha4_id(line) == gemmi::ialpha4_id("ATOM") ||
                         gemmi::ialpha4_id(line) == gemmi::ialpha4_id("HETA"));
}

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

/// Looks at the numbers of every atom, and fills in an occupancy of 1 and a B-factor of 0 where there is none:
/// gemmi takes blanks for 0 and has another B-factor for records that end early.
void check_pdb(std::string &text) {
  struct Field {
    const char *name;
    size_t first, length;
    const char *missing;
  };
  const Field fields[] = {{"x", 30, 8, nullptr},
                          {"y", 38, 8, nullptr},
                          {"z", 46, 8, nullptr},
                          {"occupancy", 54, 6, "  1.00"},
                          {"B-factor", 60, 6, "  0.00"}};
  const size_t coordinates = 54, whole = 66;
  size_t atoms = 0, number = 0;
  // Only a text with something missing is written anew.
  std::string filled;
  size_t copied = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    size_t length = end - start;
    if (length > 0 && text[end - 1] == '\r') --length;
    ++number;
    if (is_atom_record(&text[start], length)) {
      ++atoms;
      if (length < coordinates)
        malformed("an atom's record of " + std::to_string(length) + " columns",
                  "its coordinates need " + std::to_string(coordinates), number);
      std::string record;
      for (const Field &field : fields) {
        const size_t first = std::min(field.first, length);
        const std::string value = trimmed(&text[start + first], std::min(field.length, length - first));
        if (value.empty() && field.missing) {
          if (record.empty()) record.assign(text, start, length);
          record.resize(std::max(record.size(), whole), ' ');
          record.replace(field.first, field.length, field.missing);
        } else if (!is_number(value)) {
          malformed(std::string("an atom's ") + field.name + " is '" + value + "'",
                    "a number is needed in columns " + std::to_string(field.first + 1) + " to " +
                        std::to_string(field.first + field.length),
                    number);
        }
      }
      if (!record.empty()) {
        filled.append(text, copied, start - copied).append(record);
        copied = start + length;
      }
    }
    start = end + 1;
  }
  if (atoms == 0) malformed("no ATOM or HETATM records");
  if (copied > 0) text = filled.append(text, copied, std::string::npos);
}

// MARK: mmCIF

/// "line 12: what" out of "structure:12:5(345): what".
[[noreturn]] void rethrow_syntax_error(const std::string &message) {
  const size_t colon = message.find(':');
  size_t line = 0, end = colon;
  if (colon != std::string::npos) {
    const char *digits = message.c_str() + colon + 1;
    char *stop;
    line = std::strtoul(digits, &stop, 10);
    end = message.find(": ", size_t(stop - message.c_str()));
  }
  malformed(line > 0 && end != std::string::npos ? message.substr(end + 2) : message, needed, line);
}

/// Looks at the numbers of every atom, and makes B-factors that are unknown 0.
void check_cif(gemmi::cif::Document &document) {
  if (document.blocks.empty()) malformed("no data block");
  gemmi::cif::Block &block = document.blocks[0];
  // gemmi finds no atoms at all in a table that lacks one of these.
  for (const char *tag : {"id", "type_symbol", "label_alt_id", "label_asym_id", "Cartn_x", "Cartn_y",
                          "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id"}) {
    const std::string name = std::string("_atom_site.") + tag;
    if (block.find_values(name).length() == 0)
      malformed("no " + name + " in its first data block",
                "the mmCIF table of atoms is needed with that column");
  }
  gemmi::cif::Table table =
      block.find("_atom_site.", {"id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv"});
  for (auto row : table) {
    for (int column = 1; column < 6; ++column) {
      std::string &value = row[column];
      if (gemmi::cif::is_null(value) && column >= 4) {
        if (column == 5) value = "0";
      } else if (!gemmi::cif::is_numb(value) || !std::isfinite(gemmi::cif::as_number(value))) {
        malformed(row.str(0) + " has " + table.tags()[column] + " '" + value + "'",
                  "a number is needed for every atom");
      }
    }
  }
}

/// Some chains, or parts of them, as often as there are transforms.
struct Part {
  std::vector<std::string> chains, subchains;
  std::vector<gemmi::Transform> transforms;
};

/// A biological assembly, or why it cannot be put together.
struct Assembly {
  std::string name;
  std::vector<Part> parts;
  Fault fault;
};

const size_t most_transforms = 1000000;

/// The transforms of "1", "1,3,P", "1-60" or "(1-60)(61-88)": every operation of a product's left after every one
/// of its right.
///
/// gemmi leaves products out, passes over operations that are not in the list and wants more columns of the
/// list of assemblies than the format does.
std::vector<gemmi::Transform> transforms(
    const std::string &expression, const std::map<std::string, gemmi::Transform> &operations) {
  auto named = [&](const std::string &name) {
    const auto found = operations.find(name);
    if (found == operations.end()) malformed("no operation '" + name + "'", "assemblies need those they name");
    return found->second;
  };
  auto listed = [&](const std::string &text) {
    std::vector<gemmi::Transform> result;
    for (const std::string &item : gemmi::split_str(text, ',')) {
      const size_t dash = item.find('-', 1);
      const std::string low = trimmed(item.data(), std::min(dash, item.size()));
      if (dash == std::string::npos) {
        result.push_back(named(low));
        continue;
      }
      const std::string high = trimmed(item.data() + dash + 1, item.size() - dash - 1);
      for (int n = std::atoi(low.c_str()); n <= std::atoi(high.c_str()); ++n) result.push_back(named(std::to_string(n)));
    }
    return result;
  };
  std::vector<gemmi::Transform> product = {gemmi::Transform()};
  for (size_t at = 0; at < expression.size();) {
    const bool group = expression[at] == '(';
    const size_t start = at + group;
    const size_t end = std::min(expression.find(group ? ')' : '(', start), expression.size());
    const std::vector<gemmi::Transform> factors = listed(expression.substr(start, end - start));
    if (factors.size() * product.size() > most_transforms)
      malformed("more than a million operations", "fewer are needed");
    std::vector<gemmi::Transform> next;
    for (const gemmi::Transform &left : product)
      for (const gemmi::Transform &right : factors) next.push_back(left.combine(right));
    product = std::move(next);
    at = end + group;
  }
  return product;
}

std::vector<Assembly> assemblies(gemmi::cif::Block &block) {
  std::map<std::string, gemmi::Transform> operations;
  std::vector<std::string> tags = gemmi::impl::transform_tags("matrix", "vector");
  tags.push_back("id");
  for (const auto row : block.find("_pdbx_struct_oper_list.", tags))
    operations[row.str(12)] = gemmi::impl::get_transform_matrix(row);
  std::vector<Assembly> result;
  for (const auto row :
       block.find("_pdbx_struct_assembly_gen.", {"assembly_id", "oper_expression", "asym_id_list"})) {
    if (result.empty() || result.back().name != row.str(0)) result.push_back({row.str(0), {}, {}});
    // An assembly that nobody asks for may be broken.
    try {
      result.back().parts.push_back({{}, gemmi::split_str(row.str(2), ','), transforms(row.str(1), operations)});
    } catch (const Fault &fault) {
      result.back().fault = fault;
    }
  }
  return result;
}

std::vector<Assembly> assemblies(const gemmi::Structure &pdb) {
  std::vector<Assembly> result;
  for (const gemmi::Assembly &assembly : pdb.assemblies) {
    result.push_back({assembly.name, {}, {}});
    for (const gemmi::Assembly::Gen &part : assembly.generators) {
      result.back().parts.push_back({part.chains, part.subchains, {}});
      for (const gemmi::Assembly::Operator &operation : part.operators)
        result.back().parts.back().transforms.push_back(operation.transform);
    }
  }
  return result;
}

bool looks_like_cif(const std::string &text) {
  size_t at = text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0;
  while (at < text.size()) {
    if (std::isspace((unsigned char)text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = text.find('\n', at);
    } else {
      return text.size() - at > 5 && gemmi::ialpha4_id(&text[at]) == gemmi::ialpha4_id("data") &&
             text[at + 4] == '_';
    }
  }
  return false;
}

struct File {
  gemmi::Structure structure;
  std::vector<Assembly> assemblies;
};

File parse(const char *path) {
  std::string text = file_text(path);
  if (text.empty()) malformed("is empty");
  File file;
  if (looks_like_cif(text)) {
    gemmi::cif::Document document;
    try {
      document = gemmi::cif::read_memory(text.data(), text.size(), "structure");
    } catch (const std::runtime_error &error) {
      rethrow_syntax_error(error.what());
    }
    std::string().swap(text);
    check_cif(document);
    file.structure = gemmi::make_structure(document);
    file.assemblies = assemblies(document.blocks[0]);
  } else {
    check_pdb(text);
    file.structure = gemmi::read_pdb_from_memory(text.data(), text.size(), "structure");
    gemmi::setup_entities(file.structure);
    file.assemblies = assemblies(file.structure);
  }
  if (file.structure.models.empty()) malformed("no atoms");
  return file;
}

// MARK: Choosing atoms

struct Chosen {
  const gemmi::Chain *chain;
  const gemmi::Residue *residue;
  const gemmi::Atom *atom;
};

/// Some of the chosen atoms, as often as there are transforms.
struct Copies {
  std::vector<uint32_t> members;
  std::vector<gemmi::Transform> transforms;
};

/// A residue's number alone stands for that residue: some versions of gemmi take it for the first of an open
/// range.
gemmi::Selection parse_selection(const char *text) {
  gemmi::Selection selection(text);
  const bool has_range = selection.to_seqid.seqnum != INT_MAX || selection.to_seqid.icode != '*';
  if (!selection.from_seqid.empty() && !has_range && !std::strstr(text, "-*"))
    selection.to_seqid = selection.from_seqid;
  return selection;
}

/// The alternate location of highest occupancy at a place: residues that share a sequence number.
char best_alternate(const gemmi::Residue *first, const gemmi::Residue *last) {
  char best = 0;
  float highest = -1;
  for (const gemmi::Residue *residue = first; residue != last; ++residue) {
    for (const gemmi::Atom &atom : residue->atoms) {
      if (atom.altloc && atom.occ > highest) {
        highest = atom.occ;
        best = atom.altloc;
      }
    }
  }
  return best;
}

/// Whether an atom stands for its name in the residue though it is not of the best alternate: where that has
/// no such atom, the one of highest occupancy does, the first of equals.
bool is_only_choice(const gemmi::Residue &residue, const gemmi::Atom &atom, char best) {
  for (const gemmi::Atom &other : residue.atoms) {
    if (other.name != atom.name || &other == &atom) continue;
    if (other.altloc == 0 || other.altloc == best) return false;
    if (other.occ > atom.occ || (other.occ == atom.occ && &other < &atom)) return false;
  }
  return true;
}

} // namespace

struct cgemmi_structure {
  File file;
  Fault fault;
  std::vector<Chosen> chosen;
  std::vector<Copies> copies;
  std::string name;

  const gemmi::Model &model(const char *wanted, const gemmi::Selection &selection) const {
    if (!wanted && selection.mdl == 0) return file.structure.models.front();
    const std::string name = wanted ? wanted : std::to_string(selection.mdl);
    for (const gemmi::Model &model : file.structure.models)
      if (model.name == name) return model;
    refused("no model '" + name + "'",
            "it has " + list(file.structure.models, [](const gemmi::Model &m) { return m.name; }));
  }

  void choose_atoms(const gemmi::Model &model, const gemmi::Selection &selection,
                    const cgemmi_structure_choice &choice) {
    for (const gemmi::Chain &chain : model.chains) {
      if (!selection.matches(chain)) continue;
      const gemmi::Residue *const end = chain.residues.data() + chain.residues.size();
      for (const gemmi::Residue *place = chain.residues.data(); place != end;) {
        const gemmi::Residue *next = place + 1;
        while (next != end && next->seqid == place->seqid && next->segment == place->segment) ++next;
        const char best = choice.all_alternates ? 0 : best_alternate(place, next);
        const bool mixed = next - place > 1;
        for (; place != next; ++place) {
          if (!selection.matches(*place)) continue;
          if (choice.drop_waters && place->is_water()) continue;
          if (choice.drop_heteroatoms && place->het_flag == 'H') continue;
          for (const gemmi::Atom &atom : place->atoms) {
            if (!selection.matches(atom)) continue;
            if (choice.drop_hydrogens && atom.is_hydrogen()) continue;
            if (best && atom.altloc && atom.altloc != best &&
                (mixed || !is_only_choice(*place, atom, best)))
              continue;
            chosen.push_back({&chain, place, &atom});
          }
        }
      }
    }
    if (chosen.empty()) refused("no atoms are left of what was asked for", "at least one is needed");
    if (chosen.size() > UINT32_MAX) refused("too many atoms", "at most 4294967295 can be read");
  }

  void choose_copies(const char *wanted) {
    if (!wanted) {
      copies.push_back({all_members([](const Chosen &) { return true; }), {gemmi::Transform()}});
      return;
    }
    const auto assembly = std::find_if(
        file.assemblies.begin(), file.assemblies.end(), [&](const Assembly &a) { return a.name == wanted; });
    if (assembly == file.assemblies.end()) {
      const std::string names = list(file.assemblies, [](const Assembly &a) { return a.name; });
      refused(std::string("no assembly '") + wanted + "'", names.empty() ? "it has none" : "it has " + names);
    }
    if (assembly->fault.status != cgemmi_structure_fine) throw assembly->fault;
    for (const Part &part : assembly->parts) {
      // PDB files name chains, mmCIF files parts of chains.
      const bool all = !part.chains.empty() && part.chains[0] == "(all)";
      Copies copy = {all_members([&](const Chosen &c) {
                       return all || gemmi::in_vector(c.chain->name, part.chains) ||
                              gemmi::in_vector(c.residue->subchain, part.subchains);
                     }),
                     part.transforms};
      if (!copy.members.empty() && !copy.transforms.empty()) copies.push_back(std::move(copy));
    }
    if (copies.empty())
      refused("no atoms are left in assembly '" + assembly->name + "'", "at least one is needed");
  }

  template <typename Condition>
  std::vector<uint32_t> all_members(Condition condition) const {
    std::vector<uint32_t> members;
    for (size_t i = 0; i < chosen.size(); ++i)
      if (condition(chosen[i])) members.push_back(uint32_t(i));
    return members;
  }

  int64_t count() const {
    int64_t sum = 0;
    for (const Copies &copy : copies) sum += int64_t(copy.members.size()) * int64_t(copy.transforms.size());
    return sum;
  }
};

namespace {

/// Runs what may throw; what it throws becomes the handle's fault.
template <typename Body>
bool guarded(cgemmi_structure *s, Body body) noexcept {
  try {
    s->fault = Fault();
    try {
      body();
      return true;
    } catch (const Fault &fault) {
      s->fault = fault;
    } catch (const std::bad_alloc &) {
      s->fault = Fault{cgemmi_structure_unreadable, "more atoms than fit this machine's memory", "a smaller structure is needed"};
    } catch (const std::exception &error) {
      std::string message = error.what();
      std::replace(message.begin(), message.end(), '\n', ' ');
      s->fault = Fault{cgemmi_structure_malformed, message, needed};
    }
  } catch (...) {
    // Not even the message could be kept.
    s->fault.status = cgemmi_structure_malformed;
  }
  return false;
}

} // namespace

extern "C" {

cgemmi_structure *cgemmi_structure_read(const char *path) {
  cgemmi_structure *s = new (std::nothrow) cgemmi_structure;
  if (!s) return nullptr;
  guarded(s, [&] { s->file = parse(path); });
  return s;
}

void cgemmi_structure_free(cgemmi_structure *s) { delete s; }

cgemmi_structure_status cgemmi_structure_error_status(const cgemmi_structure *s) { return s->fault.status; }
const char *cgemmi_structure_error_found(const cgemmi_structure *s) { return s->fault.found.c_str(); }
const char *cgemmi_structure_error_need(const cgemmi_structure *s) { return s->fault.need.c_str(); }
size_t cgemmi_structure_error_line(const cgemmi_structure *s) { return s->fault.line; }

size_t cgemmi_structure_model_count(const cgemmi_structure *s) { return s->file.structure.models.size(); }
const char *cgemmi_structure_model_name(const cgemmi_structure *s, size_t model) {
  return s->file.structure.models[model].name.c_str();
}
size_t cgemmi_structure_assembly_count(const cgemmi_structure *s) { return s->file.assemblies.size(); }
const char *cgemmi_structure_assembly_name(const cgemmi_structure *s, size_t assembly) {
  return s->file.assemblies[assembly].name.c_str();
}

int64_t cgemmi_structure_choose(cgemmi_structure *s, const cgemmi_structure_choice *choice) {
  s->chosen.clear();
  s->copies.clear();
  const bool fine = guarded(s, [&] {
    gemmi::Selection selection;
    try {
      if (choice->selection) selection = parse_selection(choice->selection);
    } catch (const std::runtime_error &error) {
      refused(error.what(), "for example 'A,B', '//A/10-40' or '/1//(ALA)/CA' would do");
    }
    s->choose_atoms(s->model(choice->model, selection), selection, *choice);
    s->choose_copies(choice->assembly);
  });
  return fine ? s->count() : -1;
}

cgemmi_structure_census cgemmi_structure_count(const cgemmi_structure *s) {
  cgemmi_structure_census census = {};
  for (const Copies &copy : s->copies) {
    cgemmi_structure_census one = {};
    const gemmi::Chain *chain = nullptr;
    const gemmi::Residue *residue = nullptr;
    for (uint32_t member : copy.members) {
      const Chosen &c = s->chosen[member];
      one.atoms += 1;
      one.hydrogens += c.atom->is_hydrogen();
      one.waters += c.residue->is_water();
      one.heteroatoms += c.residue->het_flag == 'H';
      one.alternates += c.atom->altloc != 0;
      // mmCIF files list a chain's ligands and waters apart from its polymer.
      one.chains += !chain || c.chain->name != chain->name;
      one.residues += c.residue != residue;
      chain = c.chain;
      residue = c.residue;
    }
    const int64_t times = int64_t(copy.transforms.size());
    census.atoms += times * one.atoms;
    census.hydrogens += times * one.hydrogens;
    census.waters += times * one.waters;
    census.heteroatoms += times * one.heteroatoms;
    census.alternates += times * one.alternates;
    census.chains += times * one.chains;
    census.residues += times * one.residues;
  }
  return census;
}

void cgemmi_structure_copy(const cgemmi_structure *s, double *positions, uint8_t *numbers, float *b_factors,
                           float *occupancies) {
  for (const Copies &copy : s->copies) {
    for (const gemmi::Transform &transform : copy.transforms) {
      for (uint32_t member : copy.members) {
        const gemmi::Atom &atom = *s->chosen[member].atom;
        const gemmi::Vec3 r = transform.apply(atom.pos);
        positions[0] = r.x;
        positions[1] = r.y;
        positions[2] = r.z;
        positions[3] = 0;
        positions += 4;
        *numbers++ = uint8_t(atom.element.atomic_number());
        *b_factors++ = atom.aniso.nonzero() ? float(atom.b_eq()) : atom.b_iso;
        *occupancies++ = atom.occ;
      }
    }
  }
}

const char *cgemmi_structure_atom_name(cgemmi_structure *s, int64_t index) {
  const bool fine = guarded(s, [&] {
    s->name = "atom " + std::to_string(index + 1);
    for (const Copies &copy : s->copies) {
      const int64_t size = int64_t(copy.members.size()), all = size * int64_t(copy.transforms.size());
      if (index < all) {
        const Chosen &c = s->chosen[copy.members[size_t(index % size)]];
        s->name = "chain " + c.chain->name + ", " + c.residue->name + " " + c.residue->seqid.str() + ", atom " +
                  c.atom->name + " (number " + std::to_string(c.atom->serial) + ")";
        return;
      }
      index -= all;
    }
  });
  return fine ? s->name.c_str() : "an atom";
}

const char *cgemmi_element_symbol(int32_t atomic_number) { return gemmi::Element(atomic_number).name(); }

double cgemmi_element_mass(int32_t atomic_number) {
  const gemmi::Element element(atomic_number);
  return element == gemmi::El::X ? 0 : element.weight();
}

int32_t cgemmi_electron_scattering_factor(int32_t atomic_number, double a[5], double b[5]) {
  using Table = gemmi::C4322<double>;
  const gemmi::Element element(atomic_number);
  // The table's row for the unknown element is oxygen's.
  if (element == gemmi::El::X || !Table::has(element.elem)) return 0;
  const Table::Coef &row = Table::get(element.elem);
  for (int i = 0; i < 5; ++i) {
    a[i] = row.a(i);
    b[i] = row.b(i);
  }
  return 1;
}

} // extern "C"
