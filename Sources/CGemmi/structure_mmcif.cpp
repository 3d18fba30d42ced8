// mmCIF files through gemmi's CIF grammar.
//
// gemmi reads forgivingly: a B-factor that is missing becomes 50 Å². Here numbers are looked at before they are
// taken, and what is missing becomes 0. gemmi's own way from tables to atoms looks every residue up among those
// before it in its chain, and puts together entities, bonds and sheets by such searches too: the time of a file
// grows with its square. Here atoms are taken in the same manner, but looked up by hash, and nothing else is.

#include "structure_file.hpp"

#include <charconv>
#include <cmath>
#include <unordered_map>

// Debian's package leaves out the formatting library that gemmi brings along.
#define USE_STD_SNPRINTF
#include <gemmi/cif.hpp>
#include <gemmi/elem.hpp>
#include <gemmi/enumstr.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/numb.hpp>

namespace structures {
namespace {

namespace cif = gemmi::cif;

// MARK: The file's tables

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

/// The first block of a file: files for deposition have restraints in others.
cif::Document first_block(const std::string &text) {
  cif::Document document;
  document.source = "structure";
  try {
    cif::parse_input(document, cif::pegtl::memory_input<>(text.data(), text.size(), "structure"));
    for (size_t i = 1; i < document.blocks.size(); ++i)
      if (document.blocks[i].has_tag("_atom_site.id"))
        malformed("atoms in data block " + std::to_string(i + 1), "they are needed in the first one alone");
    // gemmi's search for duplicates takes the largest block's time for every other one.
    if (document.blocks.size() > 1) document.blocks.erase(document.blocks.begin() + 1, document.blocks.end());
    cif::check_for_missing_values(document);
    cif::check_for_duplicates(document);
  } catch (const std::runtime_error &error) {
    rethrow_syntax_error(error.what());
  }
  if (document.blocks.empty()) malformed("no data block");
  return document;
}

/// Looks at the numbers of every atom, and makes B-factors that are unknown 0.
void check_atoms(cif::Block &block) {
  // There are no atoms at all in a table that lacks one of these.
  for (const char *tag : {"id", "type_symbol", "label_alt_id", "label_asym_id", "Cartn_x", "Cartn_y",
                          "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id"}) {
    const std::string name = std::string("_atom_site.") + tag;
    if (block.find_values(name).length() == 0)
      malformed("no " + name + " in its first data block",
                "the mmCIF table of atoms is needed with that column");
  }
  cif::Table table =
      block.find("_atom_site.", {"id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv"});
  for (auto row : table) {
    for (int column = 1; column < 6; ++column) {
      std::string &value = row[column];
      if (cif::is_null(value) && column >= 4) {
        if (column == 5) value = "0";
      } else if (!cif::is_numb(value) || !std::isfinite(cif::as_number(value))) {
        malformed(shortened(row.str(0)) + " has " + table.tags()[column] + " '" + shortened(value) + "'",
                  "a number is needed for every atom");
      }
    }
  }
}

// MARK: Atoms

/// An integer, or `otherwise` for "?" and ".".
int integer(const std::string &text, int otherwise) {
  if (cif::is_null(text)) return otherwise;
  const char *start = text.data() + (text[0] == '+'), *end = text.data() + text.size();
  int value = 0;
  const auto result = std::from_chars(start, end, value);
  if (result.ec != std::errc() || result.ptr != end)
    malformed("_atom_site.auth_seq_id '" + shortened(text) + "'", "an integer is needed");
  return value;
}

/// The number of a residue and its insertion code, which old files append to the number.
gemmi::SeqId sequence_id(const std::string &number, const std::string *insertion) {
  gemmi::SeqId id;
  id.icode = insertion ? cif::as_char(*insertion, ' ') : ' ';
  const bool has_letter = !number.empty() && number.back() >= 'A';
  if (has_letter) {
    if (id.icode != ' ' && id.icode != number.back())
      malformed("insertion codes that differ, in residue '" + shortened(number) + "'", "one is needed");
    id.icode = number.back();
  }
  const std::string digits = has_letter ? number.substr(0, number.size() - 1) : number;
  const int none = gemmi::SeqId::OptionalNum::None;
  id.num = digits.empty() ? none : integer(digits, none);
  return id;
}

/// Items by name; emptied at a cost that does not depend on what it once held.
class Index {
 public:
  size_t *find(const std::string &name) {
    const auto found = places.find(name);
    return found == places.end() ? nullptr : &found->second;
  }
  void add(const std::string &name, size_t place) { places.emplace(name, place); }
  void clear() {
    if (!places.empty()) places = decltype(places)();
  }

 private:
  std::unordered_map<std::string, size_t> places;
};

/// Gathers atoms into models, chains and residues as gemmi does: a chain is a stretch of lines, a residue all of
/// its atoms in such a stretch.
class Gathering {
 public:
  explicit Gathering(gemmi::Structure &structure) : structure(structure) {}

  void model(const std::string &name) {
    if (has_model && name == current_model().name) return;
    has_chain = has_residue = false;
    has_model = true;
    if (const size_t *known = models.find(name)) {
      model_place = *known;
    } else {
      model_place = structure.models.size();
      models.add(name, model_place);
      structure.models.emplace_back(name);
    }
  }

  void chain(const std::string &name) {
    if (has_chain && name == current_chain().name) return;
    current_model().chains.emplace_back(name);
    has_chain = true;
    has_residue = false;
    residues.clear();
  }

  /// - Returns: whether it is new.
  bool residue(const gemmi::ResidueId &id) {
    if (has_residue && current_residue().matches(id)) return false;
    // The names hold no line feed.
    const std::string key = id.seqid.str() + "\n" + id.seqid.icode + id.name;
    has_residue = true;
    if (const size_t *known = residues.find(key)) {
      residue_place = *known;
      return false;
    }
    residue_place = current_chain().residues.size();
    residues.add(key, residue_place);
    current_chain().residues.emplace_back(id);
    return true;
  }

  gemmi::Residue &current_residue() { return current_chain().residues[residue_place]; }

 private:
  gemmi::Structure &structure;
  Index models, residues;
  size_t model_place = 0, residue_place = 0;
  bool has_model = false, has_chain = false, has_residue = false;

  gemmi::Model &current_model() { return structure.models[model_place]; }
  gemmi::Chain &current_chain() { return current_model().chains.back(); }
};

enum Columns {
  id, group, symbol, label_atom, alternate, label_residue, label_chain, entity, insertion, x, y, z, occupancy,
  b_factor, sequence, auth_residue, auth_chain, auth_atom, model_number, hydrogen_share
};

gemmi::Atom atom_of(cif::Table::Row &row, int name_column) {
  gemmi::Atom atom;
  atom.name = cif::as_string(row[name_column]);
  atom.altloc = cif::as_char(row[alternate], '\0');
  atom.element = gemmi::Element(cif::as_string(row[symbol]));
  // Any text may be an id; where it is a number, messages repeat it.
  std::from_chars(row[id].data(), row[id].data() + row[id].size(), atom.serial);
  atom.pos = {cif::as_number(row[x]), cif::as_number(row[y]), cif::as_number(row[z])};
  atom.occ = float(cif::as_number(row[occupancy], 1.0));
  atom.b_iso = float(cif::as_number(row[b_factor], 0.0));
  return atom;
}

void take_atoms(cif::Block &block, gemmi::Structure &structure) {
  cif::Table table = block.find(
      "_atom_site.",
      {"id",            "?group_PDB",       "type_symbol",    "?label_atom_id",      "label_alt_id",
       "?label_comp_id", "label_asym_id",    "?label_entity_id", "?pdbx_PDB_ins_code", "Cartn_x",
       "Cartn_y",       "Cartn_z",          "occupancy",      "B_iso_or_equiv",      "auth_seq_id",
       "?auth_comp_id", "?auth_asym_id",    "?auth_atom_id",  "?pdbx_PDB_model_num", "?ccp4_hd_mixture"});
  const int chain_column = table.first_of(auth_chain, label_chain);
  const int residue_column = table.first_of(auth_residue, label_residue);
  const int atom_column = table.first_of(auth_atom, label_atom);
  if (!table.has_column(residue_column) || !table.has_column(atom_column))
    malformed("no names of atoms or residues", "_atom_site.label_atom_id and label_comp_id are needed");
  const auto anisotropic = gemmi::impl::get_anisotropic_u(block);
  Gathering gathering(structure);
  for (auto row : table) {
    gathering.model(row.has(model_number) ? row.str(model_number) : "1");
    gathering.chain(cif::as_string(row[chain_column]));
    gemmi::ResidueId residue;
    residue.name = cif::as_string(row[residue_column]);
    residue.seqid =
        sequence_id(cif::as_string(row[sequence]), row.has(insertion) ? &row[insertion] : nullptr);
    if (gathering.residue(residue)) {
      gemmi::Residue &added = gathering.current_residue();
      added.subchain = row.str(label_chain);
      if (row.has2(entity)) added.entity_id = row.str(entity);
      const std::string kind = row.has2(group) ? row.str(group) : "";
      if (!kind.empty() && (gemmi::alpha_up(kind[0]) == 'A' || gemmi::alpha_up(kind[0]) == 'H'))
        added.het_flag = gemmi::alpha_up(kind[0]);
    }
    gemmi::Atom atom = atom_of(row, atom_column);
    const auto found = anisotropic.find(row[id]);
    if (found != anisotropic.end()) atom.aniso = found->second;
    gathering.current_residue().atoms.push_back(std::move(atom));
    if (row.has(hydrogen_share) && gathering.current_residue().atoms.back().element == gemmi::El::H)
      gemmi::impl::apply_hd_mixture(&gathering.current_residue(), cif::as_number(row[hydrogen_share]));
  }
}

/// Which residues are of polymers, ligands or waters, for selections that ask: by the entities that the file gives
/// parts of chains, or where it gives none, by what stands in the part.
void take_entity_types(cif::Block &block, gemmi::Structure &structure) {
  std::unordered_map<std::string, gemmi::EntityType> type_of_entity, type_of_part;
  for (auto row : block.find("_entity.", {"id", "type"}))
    type_of_entity.emplace(row.str(0), gemmi::entity_type_from_string(row.str(1)));
  auto assign = [&](const std::string &part, const std::string &entity) {
    const auto found = type_of_entity.find(entity);
    if (found != type_of_entity.end()) type_of_part.emplace(part, found->second);
  };
  cif::Table parts = block.find("_struct_asym.", {"id", "entity_id"});
  for (auto row : parts) assign(row.str(0), row.str(1));
  if (!parts.ok() && !structure.models.empty())
    for (const gemmi::Chain &chain : structure.models[0].chains)
      for (const gemmi::Residue &residue : chain.residues) assign(residue.subchain, residue.entity_id);
  for (gemmi::Model &model : structure.models) {
    for (gemmi::Chain &chain : model.chains) {
      auto &residues = chain.residues;
      for (size_t first = 0, end = 0; first < residues.size(); first = end) {
        while (end < residues.size() && residues[end].subchain == residues[first].subchain) ++end;
        const auto found = type_of_part.find(residues[first].subchain);
        gemmi::EntityType type = found == type_of_part.end() ? gemmi::EntityType::Unknown : found->second;
        if (type == gemmi::EntityType::Unknown)
          type = residues[first].is_water() ? gemmi::EntityType::Water
                 : end - first > 1          ? gemmi::EntityType::Polymer
                                            : gemmi::EntityType::NonPolymer;
        for (size_t i = first; i < end; ++i) residues[i].entity_type = type;
      }
    }
  }
}

// MARK: What the file says beside its atoms

void take_assemblies(cif::Block &block, File &file) {
  std::vector<std::string> tags = gemmi::impl::transform_tags("matrix", "vector");
  tags.push_back("id");
  for (const auto row : block.find("_pdbx_struct_oper_list.", tags))
    file.operations[row.str(12)] = gemmi::impl::get_transform_matrix(row);
  for (const auto row :
       block.find("_pdbx_struct_assembly_gen.", {"assembly_id", "oper_expression", "asym_id_list"})) {
    if (file.assemblies.empty() || file.assemblies.back().name != row.str(0))
      file.assemblies.push_back({row.str(0), {}});
    Part part = {{}, gemmi::split_str(row.str(2), ','), row.str(1), {}};
    for (std::string &name : part.subchains) name = gemmi::trim_str(name);
    file.assemblies.back().parts.push_back(std::move(part));
  }
}

/// ModelCIF's local score of quality, which predictions give in place of B-factors.
std::string confidence(cif::Block &block) {
  for (const auto row : block.find("_ma_qa_metric.", {"name", "?mode"})) {
    const std::string name = gemmi::trim_str(row.str(0)), lower = gemmi::to_lower(name);
    if (row.has2(1) ? gemmi::to_lower(row.str(1)) == "local" : lower.find("plddt") != lower.npos)
      return name.empty() ? "a score of quality" : shortened(name);
  }
  return "";
}

} // namespace

File parse_mmcif(std::string text) {
  cif::Document document = first_block(text);
  std::string().swap(text);
  cif::Block &block = document.blocks[0];
  check_atoms(block);
  File file;
  take_atoms(block, file.structure);
  take_entity_types(block, file.structure);
  take_assemblies(block, file);
  file.confidence = confidence(block);
  return file;
}

} // namespace structures
