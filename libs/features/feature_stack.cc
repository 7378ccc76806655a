#include "libs/features/feature_stack.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/features/breaker_store.h"
#include "libs/features/observed_store.h"
#include "libs/features/redis_address.h"
#include "libs/features/redis_client.h"
#include "libs/features/redis_leases.h"
#include "libs/features/redis_store.h"
#include "libs/features/sharded_store.h"
#include "libs/features/tiered_store.h"

namespace stagebeam::features {
namespace {

absl::Status Check(bool holds, std::string_view what) {
  return holds ? absl::OkStatus()
               : absl::InvalidArgumentError(std::string(what));
}

absl::Status CheckOptions(const FeatureStackOptions& options) {
  const absl::Duration tick = absl::Milliseconds(1);
  absl::Status status =
      Check(options.memory_bytes >= 0, "feature memory must be >= 0 bytes");
  status.Update(
      Check(options.budget >= tick, "feature budget must be >= 1 ms"));
  status.Update(Check(options.time_to_live >= tick,
                      "feature time to live must be >= 1 ms"));
  status.Update(
      Check(options.lease_time >= tick, "lease time must be >= 1 ms"));
  status.Update(
      Check(options.breaker_failures >= 1, "breaker failures must be >= 1"));
  status.Update(
      Check(options.breaker_pause >= tick, "breaker pause must be >= 1 ms"));
  return status;
}

// All that talks to Redis.
struct RedisTier {
  std::shared_ptr<FeatureStore> store;
  std::shared_ptr<LeaseOffice> leases;
};

Breaker::Listener TellOfBreaker(StoreObserver* observer) {
  if (observer == nullptr) return {};
  return [observer](bool open) { observer->OnBreaker(open); };
}

// Each server has its own breaker, shared by its store and its leases.
RedisTier BuildRedis(const std::vector<RedisAddress>& addresses,
                     const FeatureStackOptions& options,
                     StoreObserver* observer) {
  if (observer != nullptr)
    observer->OnRedisServers(static_cast<int>(addresses.size()));
  std::vector<std::string> names;
  std::vector<std::shared_ptr<FeatureStore>> stores;
  std::vector<std::shared_ptr<LeaseOffice>> offices;
  for (const RedisAddress& address : addresses) {
    auto client = std::make_shared<RedisClient>(
        address, RedisClient::Options{.operation_timeout = options.budget});
    auto breaker = std::make_shared<Breaker>(
        Breaker::Options{options.breaker_failures, options.breaker_pause},
        absl::Now, TellOfBreaker(observer));
    auto store = std::make_shared<RedisStore>(
        client, RedisStore::Options{.time_to_live = options.time_to_live});
    auto office = std::make_shared<RedisLeases>(
        client, RedisLeases::Options{.lease_time = options.lease_time});
    names.push_back(address.Name());
    stores.push_back(std::make_shared<BreakerStore>(std::move(store), breaker));
    offices.push_back(
        std::make_shared<BreakerLeaseOffice>(std::move(office), breaker));
  }
  return {std::make_shared<ShardedStore>(names, std::move(stores)),
          std::make_shared<ShardedLeaseOffice>(names, std::move(offices))};
}

absl::StatusOr<std::vector<RedisAddress>> ParseAddresses(
    const std::vector<std::string>& texts) {
  std::vector<RedisAddress> addresses;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto address = ParseRedisAddress(texts[i]);
    if (!address.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(address.status().message(), " (address ", i + 1, " of ",
                       texts.size(), ")"));
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::shared_ptr<FeatureStore> Observed(std::string tier,
                                       std::shared_ptr<FeatureStore> store,
                                       StoreObserver* observer) {
  if (observer == nullptr) return store;
  observer->OnTier(tier);
  return std::make_shared<ObservedStore>(std::move(tier), std::move(store),
                                         *observer);
}

}  // namespace

absl::StatusOr<FeatureStack> BuildFeatureStack(
    const FeatureStackOptions& options,
    std::shared_ptr<FeatureStore> last_resort, StoreObserver* observer) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  const auto addresses = ParseAddresses(options.redis_addresses);
  if (!addresses.ok()) return addresses.status();
  FeatureStack stack;
  stack.memory = std::make_shared<MemoryStore>(options.memory_bytes);
  std::vector<TieredStore::Tier> tiers = {
      {Observed("memory", stack.memory, observer)}};
  if (!addresses->empty()) {
    RedisTier redis = BuildRedis(*addresses, options, observer);
    stack.leases = std::move(redis.leases);
    tiers.push_back({Observed("redis", std::move(redis.store), observer),
                     options.write_to_redis});
  }
  if (last_resort != nullptr) {
    tiers.push_back(
        {.store = Observed("encoder", std::move(last_resort), observer),
         .writable = false,
         .within_budget = false});
  }
  stack.store = std::make_shared<TieredStore>(
      std::move(tiers), TieredStore::Options{options.budget, options.budget});
  return stack;
}

}  // namespace stagebeam::features
