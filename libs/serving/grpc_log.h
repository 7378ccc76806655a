#ifndef STAGEBEAM_LIBS_SERVING_GRPC_LOG_H_
#define STAGEBEAM_LIBS_SERVING_GRPC_LOG_H_

namespace stagebeam::serving {

// Makes gRPC's own lines (errors only, unless GRPC_VERBOSITY says otherwise)
// JSON lines on stderr, as Logger writes them. For the whole process.
void WriteGrpcLogAsJson();

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_GRPC_LOG_H_
