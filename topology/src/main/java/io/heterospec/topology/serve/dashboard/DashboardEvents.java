package io.heterospec.topology.serve.dashboard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.SpeculationSummary;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.TreeNode;
import java.util.Locale;

/** Records as the dashboard gets them, in JSON; whole, or with nothing that tells what was said. */
final class DashboardEvents {
  private DashboardEvents() {}

  static ObjectNode delta(GenerationDelta delta) {
    return event("delta")
        .put("request", delta.getRequestId())
        .put("offset", delta.getTokenOffset())
        .put("tokens", delta.getTokenIds().size())
        .put("text", delta.getText());
  }

  /**
   * @param whole whether the reader may see whose cycle it is, and the tokens
   */
  static ObjectNode cycle(StepTelemetry step, boolean whole) {
    ObjectNode event =
        event("cycle")
            .put("mode", step.getMode())
            .put("entropy", step.getEntropy())
            .put("bin", step.getBin())
            .put("depth", step.getDepth())
            .put("candidates", step.getCandidates())
            .put("verified", step.getVerified())
            .put("accepted", step.getAccepted())
            .put("emitted", step.getEmitted())
            .put("ms", step.getTotalMs())
            .put("at", step.getCreatedAt().toEpochMilli());
    if (whole) {
      event
          .put("request", step.getRequestId())
          .put("cycle", step.getCycle())
          .put("offset", step.getTokenOffset());
      ArrayNode chars = event.putArray("chars");
      step.getTokenChars().forEach(chars::add);
      ArrayNode tree = event.putArray("tree");
      step.getTree().forEach(node -> tree.add(describe(node)));
    }
    return event;
  }

  /**
   * @param whole whether the reader may see whose end it is
   */
  static ObjectNode end(Completion completion, boolean whole) {
    ObjectNode event =
        event("end")
            .put("reason", completion.getFinishReason().name().toLowerCase(Locale.ROOT))
            .put("prompt_tokens", completion.getUsage().getPromptTokens())
            .put("tokens", completion.getUsage().getCompletionTokens())
            .put("cached_tokens", completion.getUsage().getCachedTokens())
            .put("queue_ms", completion.getTimings().getQueueMs())
            .put("prefill_ms", completion.getTimings().getPrefillMs())
            .put("decode_ms", completion.getTimings().getDecodeMs());
    SpeculationSummary speculation = completion.getSpeculation();
    if (speculation != null) {
      event.put("acceptance_length", speculation.getMeanAcceptanceLength());
    }
    if (whole) {
      event.put("request", completion.getRequestId());
    }
    return event;
  }

  private static ObjectNode describe(TreeNode node) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("token", node.getToken())
        .put("parent", node.getParent())
        .put("confidence", node.getConfidence())
        .put("verified", node.getVerified())
        .put("accepted", node.getAccepted());
  }

  private static ObjectNode event(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type);
  }
}
