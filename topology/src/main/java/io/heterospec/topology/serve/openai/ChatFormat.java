package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import java.util.Optional;

/**
 * {@code chat.completion} and {@code chat.completion.chunk}.
 *
 * @param created seconds since 1970 UTC
 */
record ChatFormat(String requestId, String model, long created) implements AnswerFormat {

  @Override
  public ObjectNode whole(Completion completion) {
    ObjectNode body = base("chat.completion");
    ObjectNode choice = choice(body, AnswerFormat.finishReason(completion.getFinishReason()));
    choice
        .putObject("message")
        .put("role", "assistant")
        .put("content", completion.getText())
        .putNull("refusal");
    body.set("usage", AnswerFormat.usage(completion.getUsage()));
    return body;
  }

  @Override
  public Optional<ObjectNode> opening() {
    ObjectNode body = base("chat.completion.chunk");
    choice(body, null).putObject("delta").put("role", "assistant").put("content", "");
    return Optional.of(body);
  }

  @Override
  public ObjectNode chunk(String text) {
    ObjectNode body = base("chat.completion.chunk");
    choice(body, null).putObject("delta").put("content", text);
    return body;
  }

  @Override
  public ObjectNode closing(FinishReason reason) {
    ObjectNode body = base("chat.completion.chunk");
    choice(body, AnswerFormat.finishReason(reason)).putObject("delta");
    return body;
  }

  @Override
  public ObjectNode empty() {
    ObjectNode body = base("chat.completion.chunk");
    body.putArray("choices");
    return body;
  }

  private ObjectNode base(String object) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", "chatcmpl-" + requestId)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  private static ObjectNode choice(ObjectNode body, String finishReason) {
    return body.putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", finishReason)
        .putNull("logprobs");
  }
}
