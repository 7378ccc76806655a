#include "libs/kernels/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace stagebeam::kernels {
namespace {

constexpr size_t kSizes[] = {0, 1, 63, 64, 65, 4096, 100000, size_t{3} << 20};

TEST(HugePagesTest, PiecesAreAlignedZerosOfTheirOwn) {
  HugePages pages;
  std::vector<Memory> pieces;
  for (const size_t size : kSizes) {
    const Memory piece = pages.Allocate(size);
    ASSERT_NE(piece, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(piece.get()) % 64, 0u);
    EXPECT_TRUE(std::all_of(piece.get(), piece.get() + size,
                            [](char c) { return c == 0; }));
    // Would show in a neighbour that overlaps.
    std::memset(piece.get(), static_cast<int>(pieces.size()) + 1, size);
    pieces.push_back(piece);
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(std::count(pieces[i].get(), pieces[i].get() + kSizes[i],
                         static_cast<char>(i + 1)),
              static_cast<int64_t>(kSizes[i]));
  }
}

TEST(HugePagesTest, APieceMayBeLargerThanARegion) {
  HugePages pages;
  const Memory small = pages.Allocate(10);
  constexpr size_t kLarge = (size_t{256} << 20) + 1;
  const Memory large = pages.Allocate(kLarge);
  const Memory next = pages.Allocate(10);
  ASSERT_NE(large, nullptr);
  ASSERT_NE(next, nullptr);
  large.get()[0] = large.get()[kLarge - 1] = 'x';
  next.get()[0] = 'y';
  EXPECT_EQ(large.get()[kLarge - 1], 'x');
  EXPECT_EQ(small.get()[0], 0);
}

TEST(HugePagesTest, WhatItHandedOutOutlivesIt) {
  auto pages = std::make_unique<HugePages>();
  Memory first = pages->Allocate(1000);
  const Memory second = pages->Allocate(1000);
  std::memset(second.get(), 'z', 1000);
  pages.reset();
  first.reset();
  EXPECT_EQ(std::count(second.get(), second.get() + 1000, 'z'), 1000);
}

TEST(HugePagesTest, WithoutMemoryThereIsNoPiece) {
  HugePages pages;
  EXPECT_EQ(pages.Allocate(size_t{1} << 60), nullptr);
  EXPECT_NE(pages.Allocate(10), nullptr);
}

}  // namespace
}  // namespace stagebeam::kernels
