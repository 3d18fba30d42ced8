#pragma once
#include <stddef.h>
#include <stdint.h>

// Atomic structures through gemmi. No exception leaves these functions: what fails is kept in the handle
// and asked for there. A handle belongs to one thread.

#ifdef __cplusplus
extern "C" {
#endif

/// A PDB or mmCIF file taken apart, or the reason why it could not be.
typedef struct cgemmi_structure cgemmi_structure;

typedef enum {
  cgemmi_structure_fine = 0,
  /// Missing, forbidden, a directory, or broken while being read.
  cgemmi_structure_unreadable = 1,
  /// Breaks the rules of its format, or is of neither.
  cgemmi_structure_malformed = 2,
  /// The file is sound, but does not have what was asked for.
  cgemmi_structure_refused = 3,
} cgemmi_structure_status;

/// Reads a file, plain or gzipped. NULL only where there is no memory for the handle itself.
cgemmi_structure *cgemmi_structure_read(const char *path);
void cgemmi_structure_free(cgemmi_structure *structure);

/// Of the reading or of the last choice. After a failed reading only the functions with `error` in their
/// names may be called.
cgemmi_structure_status cgemmi_structure_error_status(const cgemmi_structure *structure);
/// What was found, and what would do instead: two clauses of one sentence.
const char *cgemmi_structure_error_found(const cgemmi_structure *structure);
const char *cgemmi_structure_error_need(const cgemmi_structure *structure);
/// From 1; 0 where no line is to blame.
size_t cgemmi_structure_error_line(const cgemmi_structure *structure);

size_t cgemmi_structure_model_count(const cgemmi_structure *structure);
const char *cgemmi_structure_model_name(const cgemmi_structure *structure, size_t model);
size_t cgemmi_structure_assembly_count(const cgemmi_structure *structure);
const char *cgemmi_structure_assembly_name(const cgemmi_structure *structure, size_t assembly);

/// The name of a score of confidence that stands in place of B-factors, as the file says; empty if it says none.
const char *cgemmi_structure_confidence(const cgemmi_structure *structure);

/// Which atoms are wanted; strings may be NULL.
typedef struct {
  /// By name; NULL for the first, or the one the selection names.
  const char *model;
  /// In gemmi's syntax.
  const char *selection;
  /// The biological assembly by name; NULL for the atoms as the file lists them.
  const char *assembly;
  /// Every alternate location, otherwise at each place the one of highest occupancy.
  int32_t all_alternates;
  int32_t drop_hydrogens;
  int32_t drop_waters;
  /// Drops what the file calls HETATM, waters among it.
  int32_t drop_heteroatoms;
  /// Takes of the selection the model alone.
  int32_t ignore_selection;
} cgemmi_structure_choice;

/// Chooses atoms and says how many there are in all copies, at least one; −1 where that failed.
int64_t cgemmi_structure_choose(cgemmi_structure *structure, const cgemmi_structure_choice *choice);

/// What the choice holds, copies counted as often as they are there.
typedef struct {
  int64_t atoms, hydrogens, waters, heteroatoms, alternates;
  int64_t chains, residues;
} cgemmi_structure_census;
cgemmi_structure_census cgemmi_structure_count(const cgemmi_structure *structure);

/// The names of the chains that the choice takes atoms of, each once, in the file's order.
size_t cgemmi_structure_chain_count(const cgemmi_structure *structure);
const char *cgemmi_structure_chain_name(const cgemmi_structure *structure, size_t chain);

/// Copies all chosen atoms: x, y, z and 0 in Å, atomic numbers (0 where the element is unknown), isotropic
/// B-factors or the equivalent of anisotropic ones in Å², and occupancies.
void cgemmi_structure_copy(
    const cgemmi_structure *structure, double *positions, uint8_t *numbers, float *b_factors,
    float *occupancies);

/// "chain A, LYS 12, atom CA (number 97)"; holds until the next call.
const char *cgemmi_structure_atom_name(cgemmi_structure *structure, int64_t atom);

// MARK: Elements

/// "Zn", or "X" where there is none of this number.
const char *cgemmi_element_symbol(int32_t atomic_number);
/// In daltons; 0 where there is none of this number.
double cgemmi_element_mass(int32_t atomic_number);
/// Five amplitudes (Å) and widths (Å²) of the electron scattering factor; 0 where the table has no such row.
int32_t cgemmi_electron_scattering_factor(int32_t atomic_number, double a[5], double b[5]);

#ifdef __cplusplus
}
#endif
