package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.Usage;
import io.heterospec.topology.route.ErrorCodes;
import java.util.Locale;
import java.util.Set;

/**
 * The object {@code response}. A text that the token limit cut off is {@code completed}, and its
 * {@code incomplete_details} say so.
 */
final class ResponseFormat {
  private static final Set<String> PROMPT_ERRORS =
      Set.of(ErrorCodes.INVALID_REQUEST, ErrorCodes.PROMPT_TOO_LONG, ErrorCodes.UNKNOWN_MODEL);

  private ResponseFormat() {}

  static ObjectNode of(ResponseState state) {
    Completion completion = state.getCompletion();
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", state.getResponseId())
            .put("object", "response")
            .put("created_at", state.getCreatedAt().getEpochSecond())
            .put("status", state.getStatus().name().toLowerCase(Locale.ROOT))
            .put("model", state.getModel())
            .put("parallel_tool_calls", false)
            .put("tool_choice", "none");
    body.putArray("tools");
    body.putObject("metadata");
    body.putNull("error");
    body.putNull("incomplete_details");
    body.putNull("instructions");
    body.putArray("output");
    if (completion != null) {
      end(body, state.getResponseId(), completion);
    }
    return body;
  }

  private static void end(ObjectNode body, String id, Completion completion) {
    if (completion.getError() != null) {
      boolean prompt = PROMPT_ERRORS.contains(completion.getError().getCode());
      body.putObject("error")
          .put("code", prompt ? "invalid_prompt" : "server_error")
          .put("message", completion.getError().getMessage());
    }
    if (completion.getFinishReason() == FinishReason.LENGTH) {
      body.putObject("incomplete_details").put("reason", "max_output_tokens");
    }
    if (!completion.getText().isEmpty()) {
      ObjectNode message =
          body.withArray("output")
              .addObject()
              .put("type", "message")
              .put("id", "msg_" + id.substring(id.indexOf('_') + 1))
              .put("status", completion.getError() == null ? "completed" : "incomplete")
              .put("role", "assistant");
      message
          .putArray("content")
          .addObject()
          .put("type", "output_text")
          .put("text", completion.getText())
          .putArray("annotations");
    }
    body.set("usage", usage(completion.getUsage()));
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode node =
        JsonNodeFactory.instance
            .objectNode()
            .put("input_tokens", usage.getPromptTokens())
            .put("output_tokens", usage.getCompletionTokens())
            .put("total_tokens", usage.getPromptTokens() + usage.getCompletionTokens());
    node.putObject("input_tokens_details").put("cached_tokens", usage.getCachedTokens());
    node.putObject("output_tokens_details").put("reasoning_tokens", 0);
    return node;
  }
}
