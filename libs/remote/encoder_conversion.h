#ifndef STAGEBEAM_LIBS_REMOTE_ENCODER_CONVERSION_H_
#define STAGEBEAM_LIBS_REMOTE_ENCODER_CONVERSION_H_

#include "libs/inference/encoder.h"
#include "stagebeam/encoder/v1/encoder.pb.h"

// Between stagebeam.encoder.v1 and libs/inference. Values pass as they are.
namespace stagebeam::remote {

inference::EncodeResult FromProto(
    const encoder::v1::EncodeImageResponse& proto);
encoder::v1::EncodeImageResponse ToProto(const inference::EncodeResult& result);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_ENCODER_CONVERSION_H_
