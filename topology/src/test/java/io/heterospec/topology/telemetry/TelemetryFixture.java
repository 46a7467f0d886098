package io.heterospec.topology.telemetry;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import java.time.Instant;
import java.util.List;

/** Cycles and requests as the processor reports them to its metrics. */
final class TelemetryFixture {
  static final String SECRET = "a secret prompt";
  static final Instant ARRIVED = Instant.ofEpochMilli(1_000);

  private TelemetryFixture() {}

  /** A cycle of bin 2 whose first so many drafted tokens were accepted. */
  static GenerationStep cycle(int candidates, int verified, int accepted, int budget) {
    double entropy = candidates == 0 ? Double.NaN : 1.5;
    int bin = candidates == 0 ? -1 : 2;
    int[] tokens = new int[accepted + 1];
    CycleReport report =
        new CycleReport(
            "budgeted",
            0,
            1,
            entropy,
            new double[0],
            bin,
            2,
            candidates,
            verified,
            accepted,
            accepted + 1,
            0,
            budget,
            true,
            1,
            2,
            4,
            List.of());
    return new GenerationStep("r", 0, tokens, SECRET, new int[tokens.length], report);
  }

  static PendingGeneration pending() {
    PromptEvent prompt =
        PromptEvent.newBuilder()
            .setRequestId("r")
            .setSessionId("s")
            .setMessages(List.of(new ChatMessage("user", SECRET)))
            .build();
    RecordOrigin origin = new RecordOrigin("prompts", 0, 0L, Instant.EPOCH);
    return PendingGeneration.newBuilder()
        .setRequest(
            RoutedRequest.newBuilder()
                .setPrompt(prompt)
                .setModel("demo")
                .setPool("default")
                .setOrigin(origin)
                .build())
        .setOrigin(origin)
        .setEnqueuedAt(ARRIVED)
        .build();
  }

  /** 30 tokens in, of which so many were cached, and 21 out, after 650 ms. */
  static GenerationEnd ended(CacheTier tier, int cached) {
    Completion completion =
        Completion.newBuilder()
            .setRequestId("r")
            .setModel("demo")
            .setText(SECRET)
            .setFinishReason(FinishReason.LENGTH)
            .setUsage(new Usage(30, 21, cached))
            .setTimings(new Timings(100.0, 50.0, 500.0))
            .setCompletedAt(ARRIVED.plusMillis(650))
            .build();
    return new GenerationEnd(pending(), completion, tier, 0.025);
  }

  static GenerationEnd refused() {
    return GenerationEnd.withoutEngine(
        pending(),
        Completion.newBuilder()
            .setRequestId("r")
            .setModel("demo")
            .setFinishReason(FinishReason.FAILED)
            .setError(new CompletionError("PROMPT_TOO_LONG", "too long"))
            .setCompletedAt(ARRIVED.plusMillis(10))
            .build());
  }
}
