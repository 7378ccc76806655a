#include "libs/features/memory_store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/features/blobs.h"

namespace stagebeam::features {
namespace {

using ::stagebeam::testing::MakeBlob;

const absl::Time kWhenever = absl::InfiniteFuture();

bool Holds(MemoryStore& store, const std::string& key) {
  return store.Get(key, kWhenever).ok();
}

TEST(MemoryStore, GivesTheSameBlobBack) {
  MemoryStore store(1 << 20);
  const auto blob = MakeBlob(1000);
  ASSERT_TRUE(store.Put("k", blob, kWhenever).ok());
  EXPECT_EQ(*store.Get("k", kWhenever), blob);
  EXPECT_EQ(store.Get("other", kWhenever).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(MemoryStore, TheLeastRecentlyUsedLeavesFirst) {
  const auto blob = MakeBlob(1008);
  const auto size = static_cast<int64_t>(blob->bytes().size());
  MemoryStore store(3 * size);
  for (const char* key : {"a", "b", "c"})
    ASSERT_TRUE(store.Put(key, blob, kWhenever).ok());
  EXPECT_TRUE(Holds(store, "a"));
  ASSERT_TRUE(store.Put("d", blob, kWhenever).ok());
  EXPECT_FALSE(Holds(store, "b"));
  EXPECT_TRUE(Holds(store, "a"));
  EXPECT_TRUE(Holds(store, "c"));
  EXPECT_TRUE(Holds(store, "d"));
  EXPECT_EQ(store.used_bytes(), 3 * size);
}

TEST(MemoryStore, ReplacingABlobCountsItOnce) {
  MemoryStore store(1 << 20);
  ASSERT_TRUE(store.Put("k", MakeBlob(1600), kWhenever).ok());
  const auto small = MakeBlob(160);
  ASSERT_TRUE(store.Put("k", small, kWhenever).ok());
  EXPECT_EQ(store.used_bytes(), static_cast<int64_t>(small->bytes().size()));
}

TEST(MemoryStore, OneBlobTooLargeIsRefusedAndEvictsNobody) {
  MemoryStore store(2000);
  ASSERT_TRUE(store.Put("small", MakeBlob(160), kWhenever).ok());
  EXPECT_EQ(store.Put("large", MakeBlob(16000), kWhenever).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Holds(store, "small"));
}

TEST(MemoryStore, ZeroCapacityKeepsNothing) {
  MemoryStore store(0);
  EXPECT_FALSE(store.Put("k", MakeBlob(16), kWhenever).ok());
  EXPECT_FALSE(Holds(store, "k"));
}

TEST(MemoryStore, AnEvictedBlobLivesOnWithItsReader) {
  const auto blob = MakeBlob(1008);
  MemoryStore store(static_cast<int64_t>(blob->bytes().size()));
  ASSERT_TRUE(store.Put("a", MakeBlob(1008, 7), kWhenever).ok());
  const auto held = *store.Get("a", kWhenever);
  ASSERT_TRUE(store.Put("b", blob, kWhenever).ok());
  EXPECT_EQ(held->bytes(), MakeBlob(1008, 7)->bytes());
}

TEST(MemoryStore, ManyThreadsStayWithinTheCapacity) {
  const auto blob = MakeBlob(1008);
  const int64_t capacity = 5 * static_cast<int64_t>(blob->bytes().size());
  MemoryStore store(capacity);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string key = std::to_string((i * (t + 1)) % 13);
        if (!Holds(store, key)) store.Put(key, blob, kWhenever).IgnoreError();
        EXPECT_LE(store.used_bytes(), capacity);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store.used_bytes(), capacity);
}

}  // namespace
}  // namespace stagebeam::features
