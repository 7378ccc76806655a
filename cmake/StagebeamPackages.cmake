# Finds what the system and the Python wheel provide.
#
# libtorch comes from the wheel in .venv. Protobuf's module must be found before
# Torch's configuration, which would otherwise bring its own copy into view.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenMP REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(png REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp libwebpdemux)

set(STAGEBEAM_PYTHON ${CMAKE_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH
    "Python whose torch wheel provides libtorch")
execute_process(
  COMMAND ${STAGEBEAM_PYTHON} -c "import torch; print(torch.utils.cmake_prefix_path, end='')"
  OUTPUT_VARIABLE STAGEBEAM_TORCH_PREFIX
  RESULT_VARIABLE STAGEBEAM_TORCH_RESULT)
if(STAGEBEAM_TORCH_RESULT)
  message(FATAL_ERROR "${STAGEBEAM_PYTHON} has no torch; run scripts/setup.sh")
endif()
list(APPEND CMAKE_PREFIX_PATH ${STAGEBEAM_TORCH_PREFIX})
find_package(Torch REQUIRED)
if(TARGET caffe2::mkl)
  set_property(TARGET caffe2::mkl PROPERTY INTERFACE_LINK_DIRECTORIES "")
endif()

# The wheel ships protobuf headers older than the system's; this directory goes
# in front of them wherever both are seen.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pb_first)
file(CREATE_LINK ${Protobuf_INCLUDE_DIRS}/google ${CMAKE_BINARY_DIR}/pb_first/google SYMBOLIC)
include_directories(BEFORE SYSTEM ${CMAKE_BINARY_DIR}/pb_first)

# libtorch as one system target, so that only targets that name it see it.
add_library(stagebeam_torch INTERFACE)
target_link_libraries(stagebeam_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(stagebeam_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
