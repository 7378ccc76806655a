#include "libs/serving/logger.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace stagebeam::serving {
namespace {

// One logged line, parsed by a JSON library of its own.
nlohmann::json Logged(const std::function<void(const Logger&)>& log) {
  std::string line;
  const Logger logger(LogLevel::kDebug,
                      [&](std::string_view text) { line = text; });
  log(logger);
  return nlohmann::json::parse(line);
}

TEST(Logger, ALineIsOneJsonObject) {
  const nlohmann::json line = Logged([](const Logger& logger) {
    logger.Info("listening", {{"address", "0.0.0.0:1"},
                              {"port", 50051},
                              {"ratio", 0.5},
                              {"tls", false},
                              {"took", absl::Milliseconds(250)}});
  });
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "listening");
  EXPECT_EQ(line["address"], "0.0.0.0:1");
  EXPECT_EQ(line["port"], 50051);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["tls"], false);
  EXPECT_EQ(line["took"], 0.25);
  EXPECT_EQ(line["time"].get<std::string>().size(),
            std::string("2026-01-31T12:00:00.123Z").size());
}

TEST(Logger, AnyBytesGiveValidJson) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const nlohmann::json line = Logged([&](const Logger& logger) {
    logger.Warning(bytes, {{"field\n\"", bytes}});
  });
  EXPECT_TRUE(line.contains("field\n\""));
  EXPECT_EQ(line["message"].get<std::string>().substr(0, 128),
            bytes.substr(0, 128));
}

TEST(Logger, NumbersThatJsonLacksAreNull) {
  const nlohmann::json line = Logged([](const Logger& logger) {
    logger.Error("x", {{"nan", std::numeric_limits<double>::quiet_NaN()},
                       {"inf", std::numeric_limits<double>::infinity()}});
  });
  EXPECT_TRUE(line["nan"].is_null());
  EXPECT_TRUE(line["inf"].is_null());
}

TEST(Logger, ACallsLineCarriesTraceAndRequest) {
  inference::RequestContext call;
  call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  call.request_id = "r-17";
  const nlohmann::json line = Logged(
      [&](const Logger& logger) { logger.Log(LogLevel::kInfo, call, "done"); });
  EXPECT_EQ(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(line["span_id"], "b7ad6b7169203331");
  EXPECT_EQ(line["request_id"], "r-17");
}

TEST(Logger, ACallWithoutTraceHasNoEmptyFields) {
  const nlohmann::json line = Logged([](const Logger& logger) {
    logger.Log(LogLevel::kInfo, inference::RequestContext(), "done");
  });
  EXPECT_FALSE(line.contains("trace_id"));
  EXPECT_FALSE(line.contains("request_id"));
}

TEST(Logger, LinesBelowTheLevelAreDropped) {
  std::vector<std::string> lines;
  const Logger logger(LogLevel::kWarning,
                      [&](std::string_view line) { lines.emplace_back(line); });
  logger.Debug("1");
  logger.Info("2");
  logger.Warning("3");
  logger.Error("4");
  EXPECT_EQ(lines.size(), 2u);
}

}  // namespace
}  // namespace stagebeam::serving
