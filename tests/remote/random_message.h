#ifndef STAGEBEAM_TESTS_REMOTE_RANDOM_MESSAGE_H_
#define STAGEBEAM_TESTS_REMOTE_RANDOM_MESSAGE_H_

#include <google/protobuf/message.h>

#include <random>
#include <string>

namespace stagebeam::remote {

// Fills messages with random values by reflection: every field, sub-messages
// too, zero to three elements where repeated. Durations are valid ones, and
// enums are any of their values but the unspecified one, so that every filled
// message means something. A field that is added to a contract is filled
// without a change here.
class RandomMessage {
 public:
  explicit RandomMessage(unsigned seed) : random_(seed) {}

  void Fill(google::protobuf::Message& message);

 private:
  void FillField(google::protobuf::Message& message,
                 const google::protobuf::FieldDescriptor& field);
  void AddElement(google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor& field);
  int64_t Integer();
  double Real();
  std::string Text();
  const google::protobuf::EnumValueDescriptor* Value(
      const google::protobuf::EnumDescriptor& type);

  std::mt19937_64 random_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_TESTS_REMOTE_RANDOM_MESSAGE_H_
