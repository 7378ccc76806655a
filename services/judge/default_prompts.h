#ifndef STAGEBEAM_SERVICES_JUDGE_DEFAULT_PROMPTS_H_
#define STAGEBEAM_SERVICES_JUDGE_DEFAULT_PROMPTS_H_

#include <string_view>

namespace stagebeam::judge {

// The wording for a checkpoint that brings no judge_prompts.json of its own, as
// such a file's text. For models that follow instructions, as LLaVA-o1 does.
extern const std::string_view kDefaultPrompts;

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_DEFAULT_PROMPTS_H_
