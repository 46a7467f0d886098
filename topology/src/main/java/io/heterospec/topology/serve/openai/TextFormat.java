package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import java.util.Optional;

/**
 * {@code text_completion}, whole and in chunks.
 *
 * @param created seconds since 1970 UTC
 */
record TextFormat(String requestId, String model, long created) implements AnswerFormat {

  @Override
  public ObjectNode whole(Completion completion) {
    ObjectNode body =
        choice(completion.getText(), AnswerFormat.finishReason(completion.getFinishReason()));
    body.set("usage", AnswerFormat.usage(completion.getUsage()));
    return body;
  }

  @Override
  public Optional<ObjectNode> opening() {
    return Optional.empty();
  }

  @Override
  public ObjectNode chunk(String text) {
    return choice(text, null);
  }

  @Override
  public ObjectNode closing(FinishReason reason) {
    return choice("", AnswerFormat.finishReason(reason));
  }

  @Override
  public ObjectNode empty() {
    ObjectNode body = base();
    body.putArray("choices");
    return body;
  }

  private ObjectNode choice(String text, String finishReason) {
    ObjectNode body = base();
    body.putArray("choices")
        .addObject()
        .put("index", 0)
        .put("text", text)
        .put("finish_reason", finishReason)
        .putNull("logprobs");
    return body;
  }

  private ObjectNode base() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", "cmpl-" + requestId)
        .put("object", "text_completion")
        .put("created", created)
        .put("model", model);
  }
}
