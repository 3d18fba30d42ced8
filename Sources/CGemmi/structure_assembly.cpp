// Biological assemblies of mmCIF files, put together when one is asked for.
//
// gemmi leaves products out, passes over operations that are not in the list and wants more columns of the list
// of assemblies than the format does.

#include "structure_file.hpp"

#include <charconv>
#include <cmath>

#include <gemmi/util.hpp>

namespace structures {
namespace {

const size_t most_transforms = 1000000;

/// The names in "1", "1,3,P" or "1-60".
struct Range {
  std::string name;
  long first = 0, last = -1;
  size_t count() const { return name.empty() ? size_t(last - first) + 1 : 1; }
};

long number(const std::string &text) {
  long value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const long largest = 1000000000;
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || value < 0 || value > largest)
    malformed("a range of operations with '" + shortened(text) + "'", "numbers are needed, as in 1-60");
  return value;
}

Range range(const std::string &item) {
  const size_t dash = item.find('-', 1);
  if (dash == std::string::npos) {
    const std::string name = gemmi::trim_str(item);
    if (name.empty()) malformed("an operation without a name", "assemblies need those they name");
    return {name};
  }
  Range result;
  result.first = number(gemmi::trim_str(item.substr(0, dash)));
  result.last = number(gemmi::trim_str(item.substr(dash + 1)));
  if (result.last < result.first)
    malformed("the range of operations '" + shortened(item) + "'", "the smaller number comes first");
  return result;
}

/// The groups of "(1-60)(61-88)", of which one operation each is taken.
std::vector<std::vector<Range>> groups(const std::string &expression) {
  std::vector<std::vector<Range>> result;
  for (size_t at = 0; at < expression.size();) {
    const bool is_group = expression[at] == '(';
    const size_t start = at + is_group;
    const size_t end = std::min(expression.find(is_group ? ')' : '(', start), expression.size());
    result.emplace_back();
    for (const std::string &item : gemmi::split_str(expression.substr(start, end - start), ','))
      result.back().push_back(range(item));
    at = end + is_group;
  }
  return result;
}

/// How many transforms there are; past the limit only that there are more.
size_t count(const std::vector<std::vector<Range>> &groups) {
  size_t product = 1;
  for (const std::vector<Range> &group : groups) {
    size_t sum = 0;
    for (const Range &range : group) sum = std::min(sum + range.count(), most_transforms + 1);
    product = std::min(product * sum, most_transforms + 1);
  }
  return product;
}

/// Every operation of a group's left after every one of its right.
std::vector<gemmi::Transform> product(
    const std::vector<std::vector<Range>> &groups, const std::map<std::string, gemmi::Transform> &operations) {
  auto named = [&](const std::string &name) {
    const auto found = operations.find(name);
    if (found == operations.end())
      malformed("no operation '" + shortened(name) + "'", "assemblies need those they name");
    return found->second;
  };
  std::vector<gemmi::Transform> result = {gemmi::Transform()};
  for (const std::vector<Range> &group : groups) {
    std::vector<gemmi::Transform> factors, next;
    for (const Range &range : group) {
      if (!range.name.empty()) factors.push_back(named(range.name));
      for (long n = range.first; n <= range.last; ++n) factors.push_back(named(std::to_string(n)));
    }
    for (const gemmi::Transform &left : result)
      for (const gemmi::Transform &right : factors) next.push_back(left.combine(right));
    result = std::move(next);
  }
  return result;
}

bool is_finite(const gemmi::Transform &transform) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) {
    sum += std::fabs(transform.vec.at(i));
    for (int j = 0; j < 3; ++j) sum += std::fabs(transform.mat[i][j]);
  }
  return std::isfinite(sum);
}

} // namespace

std::vector<std::vector<gemmi::Transform>> transforms(const File &file, const Assembly &assembly) {
  std::vector<std::vector<std::vector<Range>>> expressions;
  size_t all = 0;
  for (const Part &part : assembly.parts) {
    expressions.push_back(groups(part.expression));
    all += part.transforms.size() + (part.expression.empty() ? 0 : count(expressions.back()));
    if (all > most_transforms)
      malformed("assembly '" + shortened(assembly.name) + "' has more than a million operations",
                "fewer are needed");
  }
  std::vector<std::vector<gemmi::Transform>> result;
  for (size_t i = 0; i < assembly.parts.size(); ++i) {
    const Part &part = assembly.parts[i];
    result.push_back(part.expression.empty() ? part.transforms : product(expressions[i], file.operations));
    for (const gemmi::Transform &transform : result.back())
      if (!is_finite(transform))
        malformed("an operation of assembly '" + shortened(assembly.name) + "' is not of finite numbers",
                  "rotations and translations are needed");
  }
  return result;
}

} // namespace structures
