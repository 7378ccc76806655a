#ifndef STAGEBEAM_LIBS_SERVING_GRPC_PROCESS_H_
#define STAGEBEAM_LIBS_SERVING_GRPC_PROCESS_H_

// What gRPC does to the whole process.
namespace stagebeam::serving {

// Makes gRPC's own lines (errors only, unless GRPC_VERBOSITY says otherwise)
// JSON lines on stderr, as Logger writes them.
void WriteGrpcLogAsJson();

// Keeps gRPC's library going until the process ends. Otherwise it goes down
// with the last server or channel, and that can wait ten seconds for a poller
// that backs up large writes.
void KeepGrpcRunning();

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_GRPC_PROCESS_H_
