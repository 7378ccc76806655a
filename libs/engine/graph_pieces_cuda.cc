// Compiled only against a CUDA build of libtorch.
#include <ATen/core/Tensor.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <exception>
#include <map>
#include <utility>

#include "libs/engine/step_pieces.h"

namespace stagebeam::engine {
namespace {

// Pieces of more rows are called: there the work outweighs the launches, and
// each number of rows costs a graph and its results' memory.
constexpr int64_t kMostRows = 32;

// A piece for one number of rows.
struct Recording {
  bool was_called = false;
  // Null until recorded.
  std::unique_ptr<at::cuda::CUDAGraph> graph;
  Tensors inputs;
  Tensors results;
};

class GraphPieces final : public StepPieces {
 public:
  explicit GraphPieces(c10::Device device)
      : device_(device),
        stream_(c10::cuda::getStreamFromPool(false, device.index())),
        pool_(at::cuda::graph_pool_handle()) {}

  Tensors Run(const PieceName& name, const Tensors& inputs,
              const Piece& piece) override {
    const int64_t rows = inputs.front().size(0);
    if (rows > kMostRows || has_failed_) return piece(inputs);
    Recording& recording = recordings_[{name, rows}];
    // The first call makes what must not be made while recording: handles of
    // cuBLAS, kernels that are loaded when first used.
    if (!std::exchange(recording.was_called, true)) return piece(inputs);
    const c10::cuda::CUDAGuard guard(device_);
    if (recording.graph == nullptr) Record(inputs, piece, recording);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].is_same(recording.inputs[i]))
        recording.inputs[i].copy_(inputs[i]);
    }
    recording.graph->replay();
    return recording.results;
  }

 private:
  // Where recorded pieces read their i-th input. All layers share it: they run
  // one after the other, and what a layer leaves in the residual rows is where
  // the next one looks for it.
  at::Tensor Place(size_t i, const at::Tensor& like) {
    auto [place, is_new] = places_.try_emplace({i, like.sizes().vec()});
    if (is_new) place->second = like.clone(at::MemoryFormat::Contiguous);
    return place->second;
  }

  // What is called here is not computed: it is only written down. A failure,
  // such as no memory, fails this step and ends recording for good.
  void Record(const Tensors& inputs, const Piece& piece, Recording& recording) {
    for (size_t i = 0; i < inputs.size(); ++i)
      recording.inputs.push_back(Place(i, inputs[i]));
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    const c10::cuda::CUDAStreamGuard guard(stream_);
    graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    has_failed_ = true;
    try {
      recording.results = piece(recording.inputs);
    } catch (...) {
      Abandon(*graph);
      throw;
    }
    graph->capture_end();
    recording.graph = std::move(graph);
    has_failed_ = false;
  }

  // A thread that records may not allocate: the recording must end.
  static void Abandon(at::cuda::CUDAGraph& graph) {
    try {
      graph.capture_end();
    } catch (const std::exception&) {
      // It says once more that the recording failed.
    }
  }

  const c10::Device device_;
  const c10::cuda::CUDAStream stream_;
  // Graphs share scratch memory, for they never run at the same time.
  const at::cuda::MempoolId_t pool_;
  bool has_failed_ = false;
  std::map<std::pair<size_t, std::vector<int64_t>>, at::Tensor> places_;
  std::map<std::pair<PieceName, int64_t>, Recording> recordings_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StepPieces>> MakeGraphPieces(
    const std::string& device) {
  const c10::Device place(device);
  if (!place.is_cuda()) {
    return absl::InvalidArgumentError(
        "cuda_graphs: needs device cuda:N and a CUDA build of libtorch");
  }
  return std::make_unique<GraphPieces>(place);
}

}  // namespace stagebeam::engine
