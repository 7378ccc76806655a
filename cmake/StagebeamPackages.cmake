# Finds what the system provides.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
if(STAGEBEAM_TESTS)
  find_package(GTest REQUIRED)
endif()
find_package(nlohmann_json REQUIRED)
find_package(OpenMP REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(png REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp libwebpdemux)

# libtorch's wheel ships protobuf headers older than the system's; this directory
# goes in front of them wherever both are seen.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pb_first)
file(CREATE_LINK ${Protobuf_INCLUDE_DIRS}/google ${CMAKE_BINARY_DIR}/pb_first/google SYMBOLIC)
include_directories(BEFORE SYSTEM ${CMAKE_BINARY_DIR}/pb_first)
