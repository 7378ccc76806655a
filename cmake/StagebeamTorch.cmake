# stagebeam_torch: libtorch out of the wheel in .venv, as one system target, so
# that only targets that name it see it.
#
# The wheel's own CMake package is not used: a CUDA wheel's wants the CUDA
# toolkit even of a program that only links the wheel's libraries.
set(STAGEBEAM_PYTHON ${CMAKE_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH
    "Python whose torch wheel provides libtorch")
execute_process(
  COMMAND ${STAGEBEAM_PYTHON} -c
    "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0], end='')"
  OUTPUT_VARIABLE STAGEBEAM_TORCH_DIR
  RESULT_VARIABLE STAGEBEAM_TORCH_RESULT
  ERROR_QUIET)
if(STAGEBEAM_TORCH_RESULT)
  message(FATAL_ERROR "${STAGEBEAM_PYTHON} has no torch; run scripts/setup.sh")
endif()
message(STATUS "libtorch: ${STAGEBEAM_TORCH_DIR}")

function(stagebeam_torch_library name)
  add_library(stagebeam_torch_${name} SHARED IMPORTED)
  set_target_properties(stagebeam_torch_${name} PROPERTIES
    IMPORTED_LOCATION ${STAGEBEAM_TORCH_DIR}/lib/lib${name}.so)
  target_link_libraries(stagebeam_torch INTERFACE stagebeam_torch_${name})
endfunction()

# Installed, programs find libtorch in <prefix>/lib, laid out as in the wheel.
set(CMAKE_INSTALL_RPATH $ORIGIN/../lib/torch/lib)

add_library(stagebeam_torch INTERFACE)
target_include_directories(stagebeam_torch SYSTEM INTERFACE ${STAGEBEAM_TORCH_DIR}/include)
stagebeam_torch_library(torch_cpu)
stagebeam_torch_library(c10)
set(STAGEBEAM_TORCH_CUDA OFF)
if(EXISTS ${STAGEBEAM_TORCH_DIR}/lib/libtorch_cuda.so)
  # The CUDA kernels register themselves: nothing refers to them by name. What
  # they need in turn they find through their own run path.
  target_link_options(stagebeam_torch INTERFACE -Wl,--no-as-needed -Wl,--allow-shlib-undefined)
  stagebeam_torch_library(torch_cuda)
  stagebeam_torch_library(c10_cuda)
  # The runtime's headers and library come with the wheel, in the version that
  # it was built for.
  file(GLOB STAGEBEAM_CUDA_DIR ${STAGEBEAM_TORCH_DIR}/../nvidia/cu[0-9]*)
  file(GLOB STAGEBEAM_CUDART ${STAGEBEAM_CUDA_DIR}/lib/libcudart.so.*)
  if(EXISTS ${STAGEBEAM_CUDA_DIR}/include/crt/host_config.h AND STAGEBEAM_CUDART)
    set(STAGEBEAM_TORCH_CUDA ON)
    target_include_directories(stagebeam_torch SYSTEM INTERFACE ${STAGEBEAM_CUDA_DIR}/include)
    target_link_libraries(stagebeam_torch INTERFACE ${STAGEBEAM_CUDART})
    get_filename_component(STAGEBEAM_CUDA_NAME ${STAGEBEAM_CUDA_DIR} NAME)
    list(APPEND CMAKE_INSTALL_RPATH $ORIGIN/../lib/nvidia/${STAGEBEAM_CUDA_NAME}/lib)
  endif()
  message(STATUS "CUDA graphs: ${STAGEBEAM_TORCH_CUDA}")
endif()
