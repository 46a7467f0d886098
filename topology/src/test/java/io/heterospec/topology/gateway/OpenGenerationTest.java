package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.route.ErrorCodes;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenGenerationTest {
  private static final PromptEvent PROMPT =
      PromptEvent.newBuilder()
          .setRequestId("r")
          .setText("hello")
          .setCreatedAt(Instant.ofEpochMilli(7))
          .build();

  private final ToldObserver observer = new ToldObserver();
  private final OpenGeneration generation =
      new OpenGeneration(PROMPT, observer, Long.MAX_VALUE, true);

  private void stream(String text) {
    generation.onDelta(
        GenerationDelta.newBuilder()
            .setRequestId("r")
            .setTokenOffset(0)
            .setTokenIds(List.of(1))
            .setText(text)
            .build());
  }

  private static Completion.Builder end(FinishReason reason, String text) {
    return Completion.newBuilder().setRequestId("r").setFinishReason(reason).setText(text);
  }

  @Test
  void whatWasNotStreamedComesWithTheEnd() {
    Completion end = end(FinishReason.STOP, "hello").build();
    stream("hel");
    generation.onEnd(end);
    assertThat(observer.told).containsExactly("hel", "lo", end);
  }

  @Test
  void aTextThatIsNotWhatWasStreamedIsLost() {
    stream("hel");
    generation.onEnd(end(FinishReason.STOP, "hallo").build());
    assertThat(observer.told).containsExactly("hel", GatewayException.Reason.TEXT_CHANGED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {ErrorCodes.MODEL_CHANGED, ErrorCodes.ANSWER_TOO_LONG, ErrorCodes.ENGINE_ERROR})
  void anErrorAfterTextIsTheEndAndNoChangeOfTheText(String code) {
    Completion end =
        end(FinishReason.FAILED, "").setError(new CompletionError(code, "it failed")).build();
    stream("hel");
    generation.onEnd(end);
    assertThat(observer.told).containsExactly("hel", end);
  }

  @Test
  void aCancellationWithoutATextIsTheEndAndNoChangeOfTheText() {
    Completion end = end(FinishReason.CANCELLED, "").build();
    stream("hel");
    generation.onEnd(end);
    assertThat(observer.told).containsExactly("hel", end);
  }

  @Test
  void aCancellationGivesOutTheTextThatItEndsWith() {
    Completion end = end(FinishReason.CANCELLED, "hello").build();
    stream("hel");
    generation.onEnd(end);
    assertThat(observer.told).containsExactly("hel", "lo", end);
  }
}
