#ifndef STAGEBEAM_SERVICES_JUDGE_TEMPLATE_TEXT_H_
#define STAGEBEAM_SERVICES_JUDGE_TEMPLATE_TEXT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagebeam::judge {

// Names in braces, and what stands for each.
using TemplateValues =
    std::vector<std::pair<std::string_view, std::string_view>>;

// `text` with each "{name}" of `values` replaced. Looks at `text` alone: braces
// in values stay as they are, and so do names that `values` lacks.
std::string FillTemplate(std::string_view text, const TemplateValues& values);

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_TEMPLATE_TEXT_H_
