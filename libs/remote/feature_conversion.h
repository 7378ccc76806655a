#ifndef STAGEBEAM_LIBS_REMOTE_FEATURE_CONVERSION_H_
#define STAGEBEAM_LIBS_REMOTE_FEATURE_CONVERSION_H_

#include "libs/inference/encoder.h"
#include "stagebeam/features/v1/features.pb.h"

// Between stagebeam.features.v1 and libs/inference. Values pass as they are;
// checking ranges is the services' part.
namespace stagebeam::remote {

inference::ImageFeatures FromProto(const features::v1::ImageFeatures& proto);
features::v1::ImageFeatures ToProto(const inference::ImageFeatures& features);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_FEATURE_CONVERSION_H_
