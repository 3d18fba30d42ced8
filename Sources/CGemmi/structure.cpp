// PDB and mmCIF files through gemmi: their text, and the choice of atoms.

#include "structure_file.hpp"
#include "text_file.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

// Debian's package leaves out the formatting library that gemmi brings along.
#define USE_STD_SNPRINTF
#include <gemmi/c4322.hpp>
#include <gemmi/elem.hpp>
#include <gemmi/select.hpp>

namespace structures {
namespace {

std::string file_text(const char *path) {
  try {
    return read_text_file(path, "a PDB or mmCIF file");
  } catch (TextFileFault &fault) {
    throw Fault{
        fault.is_text ? cgemmi_structure_unreadable : cgemmi_structure_malformed, std::move(fault.found),
        std::move(fault.need)};
  }
}

bool looks_like_cif(const std::string &text) {
  size_t at = text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0;
  while (at < text.size()) {
    if (std::isspace((unsigned char)text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = text.find('\n', at);
    } else {
      return text.size() - at > 5 && begins_with(&text[at], text.size() - at, "data") && text[at + 4] == '_';
    }
  }
  return false;
}

} // namespace

File parse(const char *path) {
  std::string text = file_text(path);
  if (text.empty()) malformed("is empty");
  File file = looks_like_cif(text) ? parse_mmcif(std::move(text)) : parse_pdb(std::move(text));
  if (file.structure.models.empty()) malformed("no atoms");
  return file;
}

} // namespace structures

namespace {

using namespace structures;

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

/// The atoms that stand for their names in a residue though they are not of the best alternate: where that has no
/// such atom, the one of highest occupancy does, the first of equals.
std::unordered_map<std::string_view, const gemmi::Atom *> stand_ins(const gemmi::Residue &residue, char best) {
  std::unordered_map<std::string_view, const gemmi::Atom *> result;
  for (const gemmi::Atom &atom : residue.atoms) {
    const bool is_best = atom.altloc == 0 || atom.altloc == best;
    const auto place = result.emplace(atom.name, is_best ? nullptr : &atom);
    const gemmi::Atom *&standing = place.first->second;
    if (is_best) {
      standing = nullptr;
    } else if (standing && atom.occ > standing->occ) {
      standing = &atom;
    }
  }
  return result;
}

/// Names of chains as they come, each once: mmCIF files list a chain's ligands and waters apart from its polymer.
std::vector<std::string> chains_of(const gemmi::Model &model) {
  std::vector<std::string> names;
  std::unordered_set<std::string_view> seen;
  for (const gemmi::Chain &chain : model.chains)
    if (seen.insert(chain.name).second) names.push_back(chain.name.empty() ? "without a name" : chain.name);
  return names;
}

const std::string &same(const std::string &name) { return name; }

/// Of all copies of an assembly together: a virus with its water has fewer.
const uint64_t most_atoms = 100000000;

} // namespace

struct cgemmi_structure {
  File file;
  Fault fault;
  std::vector<Chosen> chosen;
  std::vector<Copies> copies;
  std::vector<std::string> chain_names;
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
    const bool whole = choice.ignore_selection;
    for (const gemmi::Chain &chain : model.chains) {
      if (!whole && !selection.matches(chain)) continue;
      const gemmi::Residue *const end = chain.residues.data() + chain.residues.size();
      for (const gemmi::Residue *place = chain.residues.data(); place != end;) {
        const gemmi::Residue *next = place + 1;
        while (next != end && next->seqid == place->seqid && next->segment == place->segment) ++next;
        const char best = choice.all_alternates ? 0 : best_alternate(place, next);
        const bool mixed = next - place > 1;
        for (; place != next; ++place) {
          if (!whole && !selection.matches(*place)) continue;
          if (choice.drop_waters && place->is_water()) continue;
          if (choice.drop_heteroatoms && place->het_flag == 'H') continue;
          const auto standing = best && !mixed ? stand_ins(*place, best) : decltype(stand_ins(*place, best))();
          for (const gemmi::Atom &atom : place->atoms) {
            if (!whole && !selection.matches(atom)) continue;
            if (choice.drop_hydrogens && atom.is_hydrogen()) continue;
            if (best && atom.altloc && atom.altloc != best && (mixed || standing.at(atom.name) != &atom)) continue;
            chosen.push_back({&chain, place, &atom});
          }
        }
      }
    }
    if (chosen.empty())
      refused("no atoms are left of what was asked for", "its chains are " + list(chains_of(model), same));
    if (chosen.size() > UINT32_MAX) refused("too many atoms", "at most 4294967295 can be read");
  }

  void choose_copies(const char *wanted) {
    if (!wanted) {
      copies.push_back({{}, {gemmi::Transform()}});
      copies.back().members.resize(chosen.size());
      for (size_t i = 0; i < chosen.size(); ++i) copies.back().members[i] = uint32_t(i);
      return;
    }
    const auto assembly = std::find_if(
        file.assemblies.begin(), file.assemblies.end(), [&](const Assembly &a) { return a.name == wanted; });
    if (assembly == file.assemblies.end()) {
      const std::string names = list(file.assemblies, [](const Assembly &a) { return a.name; });
      refused(std::string("no assembly '") + wanted + "'", names.empty() ? "it has none" : "it has " + names);
    }
    std::vector<std::vector<gemmi::Transform>> lists = transforms(file, *assembly);
    std::unordered_map<std::string_view, std::vector<uint32_t>> of_chain, of_subchain;
    for (size_t i = 0; i < chosen.size(); ++i) {
      of_chain[chosen[i].chain->name].push_back(uint32_t(i));
      of_subchain[chosen[i].residue->subchain].push_back(uint32_t(i));
    }
    uint64_t atoms = 0;
    for (size_t i = 0; i < lists.size(); ++i) {
      Copies copy = {members(assembly->parts[i], of_chain, of_subchain), std::move(lists[i])};
      if (copy.members.empty() || copy.transforms.empty()) continue;
      atoms += uint64_t(copy.members.size()) * copy.transforms.size();
      if (atoms > most_atoms)
        refused("assembly '" + shortened(assembly->name) + "' has more than " + std::to_string(most_atoms) + " atoms",
                "leave some out, or take another assembly");
      copies.push_back(std::move(copy));
    }
    if (copies.empty())
      refused("no atoms are left in assembly '" + assembly->name + "'",
              "choose others of its atoms, or another assembly");
  }

  /// The chosen atoms of a part of an assembly, in their order.
  template <typename Members>
  std::vector<uint32_t> members(const Part &part, const Members &of_chain, const Members &of_subchain) const {
    std::vector<uint32_t> result;
    if (!part.chains.empty() && part.chains[0] == "(all)") {
      for (size_t i = 0; i < chosen.size(); ++i) result.push_back(uint32_t(i));
      return result;
    }
    auto add = [&](const Members &members, const std::vector<std::string> &names) {
      // A name that is repeated adds nothing.
      for (const std::string &name : std::unordered_set<std::string>(names.begin(), names.end())) {
        const auto found = members.find(name);
        if (found != members.end()) result.insert(result.end(), found->second.begin(), found->second.end());
      }
    };
    add(of_chain, part.chains);
    add(of_subchain, part.subchains);
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  void name_chains() {
    chain_names.clear();
    std::unordered_set<std::string_view> seen;
    const gemmi::Chain *last = nullptr;
    for (const Copies &copy : copies)
      for (uint32_t member : copy.members) {
        const gemmi::Chain *chain = chosen[member].chain;
        if (chain != last && seen.insert(chain->name).second) chain_names.push_back(chain->name);
        last = chain;
      }
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

const char *cgemmi_structure_confidence(const cgemmi_structure *s) { return s->file.confidence.c_str(); }

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
    s->name_chains();
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

size_t cgemmi_structure_chain_count(const cgemmi_structure *s) { return s->chain_names.size(); }
const char *cgemmi_structure_chain_name(const cgemmi_structure *s, size_t chain) {
  return s->chain_names[chain].c_str();
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
