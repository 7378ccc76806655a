#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <utility>
#include <vector>

#include "libs/engine/kernel_tensors.h"
#include "libs/engine/linear_forms.h"
#include "libs/kernels/instruction_set.h"
#include "libs/kernels/packed_matrix.h"

namespace stagebeam::engine {
namespace {

class KernelLinear final : public LinearForm {
 public:
  KernelLinear(std::shared_ptr<const kernels::PackedMatrix> matrix, Weight bias)
      : matrix_(std::move(matrix)), bias_(std::move(bias)) {}

  at::Tensor Apply(const at::Tensor& x) const override {
    const at::Tensor rows = x.contiguous();
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = matrix_->outputs();
    at::Tensor y = at::empty(shape, x.options());
    matrix_->Multiply(Numbers(rows), x.numel() / matrix_->inputs(),
                      bias_ == nullptr ? nullptr : Numbers(*bias_),
                      MutableNumbers(y));
    return y;
  }

 private:
  const std::shared_ptr<const kernels::PackedMatrix> matrix_;
  const Weight bias_;
};

}  // namespace

std::shared_ptr<const LinearForm> MakeKernelLinear(const Weight& weight,
                                                   Weight bias,
                                                   kernels::HugePages& pages) {
  // oneDNN drives a matrix unit.
  if (!FitsKernels(*weight) || kernels::HasMatrixUnit() ||
      weight->size(1) % 2 != 0)
    return nullptr;
  const at::Tensor rows = weight->contiguous();
  auto matrix = kernels::PackedMatrix::Pack(Numbers(rows), rows.size(0),
                                            rows.size(1), pages);
  if (matrix == nullptr) return nullptr;
  return std::make_shared<KernelLinear>(std::move(matrix), std::move(bias));
}

}  // namespace stagebeam::engine
