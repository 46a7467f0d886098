package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.Usage;
import java.util.Optional;

/** How an answer is written: whole, or in chunks. */
interface AnswerFormat {

  /** The whole answer. */
  ObjectNode whole(Completion completion);

  /** The chunk that comes before all text, if there is one. */
  Optional<ObjectNode> opening();

  /** A chunk of text. */
  ObjectNode chunk(String text);

  /** The chunk that says why the text ended. */
  ObjectNode closing(FinishReason reason);

  /** A chunk without text, to carry the token counts. */
  ObjectNode empty();

  /** Token counts of a completed request. */
  static ObjectNode usage(Usage usage) {
    ObjectNode node =
        JsonNodeFactory.instance
            .objectNode()
            .put("prompt_tokens", usage.getPromptTokens())
            .put("completion_tokens", usage.getCompletionTokens())
            .put("total_tokens", usage.getPromptTokens() + usage.getCompletionTokens());
    node.putObject("prompt_tokens_details").put("cached_tokens", usage.getCachedTokens());
    return node;
  }

  static String finishReason(FinishReason reason) {
    return reason == FinishReason.LENGTH ? "length" : "stop";
  }
}
