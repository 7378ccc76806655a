#include "tests/remote/random_message.h"

#include <google/protobuf/descriptor.h>

#include <stdexcept>

namespace stagebeam::remote {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void RandomMessage::Fill(Message& message) {
  if (message.GetDescriptor()->full_name() == "google.protobuf.Duration") {
    const auto* type = message.GetDescriptor();
    message.GetReflection()->SetInt64(
        &message, type->FindFieldByName("seconds"), random_() % 100000);
    message.GetReflection()->SetInt32(&message, type->FindFieldByName("nanos"),
                                      random_() % 1000000000);
    return;
  }
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!field.is_repeated()) {
      FillField(message, field);
      continue;
    }
    for (uint64_t n = random_() % 4; n > 0; --n) AddElement(message, field);
  }
}

void RandomMessage::FillField(Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Fill(*reflection->MutableMessage(&message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(&message, &field, Text());
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnum(&message, &field, Value(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, random_() % 2 == 0);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(&message, &field,
                                  static_cast<int32_t>(Integer()));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, Integer());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->SetDouble(&message, &field, Real());
    default:
      throw std::logic_error("no random value for " + field.full_name());
  }
}

void RandomMessage::AddElement(Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Fill(*reflection->AddMessage(&message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->AddString(&message, &field, Text());
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->AddInt32(&message, &field,
                                  static_cast<int32_t>(Integer()));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->AddFloat(&message, &field, static_cast<float>(Real()));
    default:
      throw std::logic_error("no random element for " + field.full_name());
  }
}

int64_t RandomMessage::Integer() { return static_cast<int64_t>(random_()); }

double RandomMessage::Real() {
  return std::normal_distribution<double>(0, 100)(random_);
}

std::string RandomMessage::Text() {
  std::string text(random_() % 12, 'x');
  for (char& character : text) {
    character = static_cast<char>(random_() % 127 + 1);
  }
  return text;
}

const EnumValueDescriptor* RandomMessage::Value(const EnumDescriptor& type) {
  return type.value(1 + static_cast<int>(random_() % (type.value_count() - 1)));
}

}  // namespace stagebeam::remote
