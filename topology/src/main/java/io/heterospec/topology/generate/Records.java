package io.heterospec.topology.generate;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordHeader;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.TreeNode;
import io.heterospec.schemas.Usage;
import io.heterospec.topology.route.PromptRouter;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** The records of a generation: as it waits, and its output from what the engine reports. */
final class Records {
  private Records() {}

  /** A request as it waits in the store. */
  static PendingGeneration pending(
      RoutedRequest request, Record<?, ?> record, RecordMetadata at, Instant now) {
    List<RecordHeader> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      ByteBuffer value = header.value() == null ? null : ByteBuffer.wrap(header.value());
      headers.add(RecordHeader.newBuilder().setKey(header.key()).setValue(value).build());
    }
    return PendingGeneration.newBuilder()
        .setRequest(request)
        .setSeed(request.getPrompt().getSampling().getSeed())
        .setOrigin(PromptRouter.origin(at, record.timestamp()))
        .setHeaders(headers)
        .setEnqueuedAt(now)
        .build();
  }

  static GenerationDelta delta(
      PromptEvent prompt, int tokenOffset, List<Integer> tokens, String text, Instant now) {
    return GenerationDelta.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setSessionId(prompt.getSessionId())
        .setTokenOffset(tokenOffset)
        .setTokenIds(tokens)
        .setText(text)
        .setCreatedAt(now)
        .build();
  }

  /**
   * @param cycle index of the cycle over all attempts
   */
  static StepTelemetry telemetry(PromptEvent prompt, GenerationStep step, int cycle, Instant now) {
    CycleReport report = step.cycle();
    return StepTelemetry.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setSessionId(prompt.getSessionId())
        .setMode(report.policy())
        .setCycle(cycle)
        .setTokenOffset(step.tokenOffset())
        .setEmitted(report.emitted())
        .setTokenChars(Arrays.stream(step.tokenChars()).boxed().toList())
        .setEntropy(Double.isNaN(report.entropy()) ? null : report.entropy())
        .setDepthEntropies(Arrays.stream(report.depthEntropies()).boxed().toList())
        .setBin(report.bin())
        .setDepth(report.depth())
        .setCandidates(report.candidates())
        .setVerified(report.verified())
        .setAccepted(report.accepted())
        .setTerminalRank(report.terminalRank())
        .setBudget(report.budget() < 0 ? null : report.budget())
        .setDraftMs(report.draftNanos() / 1e6)
        .setVerifyMs(report.verifyNanos() / 1e6)
        .setTotalMs(report.totalNanos() / 1e6)
        .setTree(report.tree().stream().map(Records::node).toList())
        .setCreatedAt(now)
        .build();
  }

  private static TreeNode node(CycleReport.Node node) {
    return TreeNode.newBuilder()
        .setToken(node.token())
        .setParent(node.parent())
        .setConfidence(node.confidence())
        .setVerified(node.verified())
        .setAccepted(node.accepted())
        .build();
  }

  /**
   * @param queueMs from the arrival of the request at the processor to its admission by the engine
   */
  static Completion completion(
      PendingGeneration pending,
      GenerationResult result,
      Progress progress,
      double queueMs,
      Instant now) {
    List<Integer> tokens = Arrays.stream(result.tokenIds()).boxed().toList();
    Completion.Builder completion =
        base(pending, now)
            .setText(result.text())
            .setTokenIds(tokens)
            .setFinishReason(FinishReason.valueOf(result.finishReason().name()))
            .setUsage(
                Usage.newBuilder()
                    .setPromptTokens(result.promptTokens())
                    .setCompletionTokens(tokens.size())
                    .setCachedTokens(result.cachedTokens())
                    .build())
            .setSpeculation(progress.summary())
            .setTimings(
                Timings.newBuilder()
                    .setQueueMs(queueMs)
                    .setPrefillMs(result.prefillNanos() / 1e6)
                    .setDecodeMs(result.decodeNanos() / 1e6)
                    .build());
    if (result.errorCode() != null) {
      completion.setError(error(result.errorCode(), result.errorMessage()));
    }
    return completion.build();
  }

  /** The completion of a generation that ended without the engine. */
  static Completion ended(
      PendingGeneration pending, FinishReason reason, CompletionError error, Instant now) {
    return base(pending, now).setFinishReason(reason).setError(error).build();
  }

  static CompletionError error(String code, String message) {
    return CompletionError.newBuilder().setCode(code).setMessage(message).build();
  }

  private static Completion.Builder base(PendingGeneration pending, Instant now) {
    PromptEvent prompt = pending.getRequest().getPrompt();
    return Completion.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setSessionId(prompt.getSessionId())
        .setModel(pending.getRequest().getModel())
        .setCompletedAt(now);
  }
}
