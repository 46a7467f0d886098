package io.heterospec.schemas;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;

/** Records with every optional field set, and with none. */
final class SampleRecords {

  static final Instant WHEN = Instant.parse("2026-03-04T05:06:07.089Z");

  private SampleRecords() {}

  static PromptEvent minimalPrompt() {
    return PromptEvent.newBuilder().setRequestId("r-1").setText("ls -l | ").build();
  }

  static PromptEvent fullPrompt() {
    return PromptEvent.newBuilder()
        .setRequestId("r-2")
        .setSessionId("s-1")
        .setModel("demo")
        .setMessages(
            List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hé €")))
        .setSampling(new Sampling(32, 0.8, 0.95, 40, Long.MIN_VALUE, List.of("\n\n", "END"), true))
        .setMode("heterospec")
        .setPriority(3)
        .setDeadline(WHEN)
        .setTraceTree(true)
        .setCreatedAt(WHEN)
        .build();
  }

  static PendingGeneration pending() {
    RecordOrigin origin = new RecordOrigin("heterospec.prompts", 2, 1L << 40, WHEN);
    return PendingGeneration.newBuilder()
        .setRequest(
            RoutedRequest.newBuilder()
                .setPrompt(fullPrompt())
                .setModel("demo")
                .setPool("default")
                .setOrigin(origin)
                .setRoutedAt(WHEN)
                .build())
        .setPromptTokenIds(List.of(1, 2, 70_000))
        .setSeed(7)
        .setOrigin(origin)
        .setHeaders(
            List.of(
                new RecordHeader("traceparent", ByteBuffer.wrap(new byte[] {0, -1})),
                new RecordHeader("empty", null)))
        .setEnqueuedAt(WHEN)
        .build();
  }
}
