package io.heterospec.topology.telemetry;

import io.heterospec.schemas.PromptEvent;
import io.opentelemetry.api.common.AttributeKey;
import java.util.List;

/**
 * Attributes of metrics and spans: OpenTelemetry's semantic conventions for generative AI and
 * messaging where they have one, {@code heterospec.…} where not. None holds text of a user.
 */
final class GenAi {
  /** Name of the meter and of the tracer. */
  static final String SCOPE = "io.heterospec";

  static final String PROVIDER = "heterospec";

  static final AttributeKey<String> OPERATION_NAME =
      AttributeKey.stringKey("gen_ai.operation.name");
  static final AttributeKey<String> PROVIDER_NAME = AttributeKey.stringKey("gen_ai.provider.name");
  static final AttributeKey<String> REQUEST_MODEL = AttributeKey.stringKey("gen_ai.request.model");
  static final AttributeKey<String> TOKEN_TYPE = AttributeKey.stringKey("gen_ai.token.type");
  static final AttributeKey<String> CONVERSATION_ID =
      AttributeKey.stringKey("gen_ai.conversation.id");
  static final AttributeKey<List<String>> FINISH_REASONS =
      AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
  static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

  static final AttributeKey<String> MESSAGING_SYSTEM = AttributeKey.stringKey("messaging.system");
  static final AttributeKey<String> MESSAGING_OPERATION =
      AttributeKey.stringKey("messaging.operation.name");
  static final AttributeKey<String> MESSAGING_OPERATION_TYPE =
      AttributeKey.stringKey("messaging.operation.type");
  static final AttributeKey<String> DESTINATION =
      AttributeKey.stringKey("messaging.destination.name");
  static final AttributeKey<String> PARTITION =
      AttributeKey.stringKey("messaging.destination.partition.id");
  static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");
  static final AttributeKey<String> CONSUMER_GROUP =
      AttributeKey.stringKey("messaging.consumer.group.name");

  static final AttributeKey<String> FINISH_REASON =
      AttributeKey.stringKey("heterospec.finish_reason");
  static final AttributeKey<String> POLICY = AttributeKey.stringKey("heterospec.policy");
  static final AttributeKey<Long> ENTROPY_BIN = AttributeKey.longKey("heterospec.entropy_bin");
  static final AttributeKey<String> CACHE_TIER = AttributeKey.stringKey("heterospec.cache.tier");

  private GenAi() {}

  /** The conventions' name of what a prompt asks for. */
  static String operation(PromptEvent prompt) {
    return prompt.getText() == null ? "chat" : "text_completion";
  }
}
