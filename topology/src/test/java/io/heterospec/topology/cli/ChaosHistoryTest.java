package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChaosHistoryTest {
  private static final Map<String, String> EXPECTED = Map.of("script", "one two");
  private final ChaosHistory history = new ChaosHistory();

  private void publish(String id, String session) {
    history.publishing(new ChaosHistory.Published(id, session, "script"));
  }

  private void delta(String id, int offset, String text, Integer... tokens) {
    history.onDelta(
        GenerationDelta.newBuilder()
            .setRequestId(id)
            .setTokenOffset(offset)
            .setTokenIds(List.of(tokens))
            .setText(text)
            .build());
  }

  private void complete(String id, String text, Integer... tokens) {
    history.onCompletion(completion(id, text, tokens).build());
  }

  private static Completion.Builder completion(String id, String text, Integer... tokens) {
    return Completion.newBuilder()
        .setRequestId(id)
        .setText(text)
        .setTokenIds(List.of(tokens))
        .setFinishReason(FinishReason.LENGTH);
  }

  private void answer(String id) {
    delta(id, 0, "one ", 1);
    delta(id, 1, "two", 2);
    complete(id, "one two", 1, 2);
  }

  private List<String> violations() {
    return history.violations(EXPECTED);
  }

  @Test
  void anUndisturbedHistoryHasNoViolation() {
    publish("a", "s");
    publish("b", "s");
    publish("c", null);
    answer("c");
    answer("a");
    answer("b");
    assertThat(history.ended()).isEqualTo(3);
    assertThat(history.texts()).isEqualTo(EXPECTED);
    assertThat(violations()).isEmpty();
  }

  @Test
  void aLostRequestIsFound() {
    publish("a", null);
    delta("a", 0, "one ", 1);
    assertThat(violations())
        .containsExactly("a: has 0 completions and 0 dead letters instead of one end");
  }

  @Test
  void aSecondCompletionIsFound() {
    publish("a", null);
    answer("a");
    complete("a", "one two", 1, 2);
    assertThat(violations())
        .containsExactly("a: has 2 completions and 0 dead letters instead of one end");
  }

  @Test
  void aDeadLetterIsAnEndButNotBesideACompletion() {
    publish("a", null);
    history.onDeadLetter("a");
    assertThat(history.ended()).isEqualTo(1);
    assertThat(violations()).isEmpty();
    answer("a");
    assertThat(violations())
        .containsExactly("a: has 1 completions and 1 dead letters instead of one end");
  }

  @Test
  void aGapAndAnOverlapAreFound() {
    publish("gap", null);
    delta("gap", 0, "one ", 1);
    delta("gap", 2, "two", 2);
    complete("gap", "one two", 1, 2, 2);
    assertThat(violations()).containsExactly("gap: a delta starts at token 2 instead of 1");
    publish("overlap", null);
    delta("overlap", 0, "one ", 1);
    delta("overlap", 0, "two", 1, 2);
    complete("overlap", "one two", 1, 2);
    assertThat(violations()).contains("overlap: a delta starts at token 0 instead of 1");
  }

  @Test
  void aDeltaBeyondTheEndIsFound() {
    publish("a", null);
    answer("a");
    delta("a", 2, "", 3);
    assertThat(violations()).containsExactly("a: has 3 tokens in deltas and 2 in its completion");
  }

  @Test
  void aDeltaThatHoldsNothingIsFound() {
    publish("a", null);
    answer("a");
    delta("a", 2, "");
    assertThat(violations()).containsExactly("a: a delta holds nothing");
  }

  @Test
  void theCompletionMayBeReadBeforeTheLastDelta() {
    publish("a", null);
    delta("a", 0, "one ", 1);
    complete("a", "one two", 1, 2);
    delta("a", 1, "two", 2);
    assertThat(violations()).isEmpty();
  }

  @Test
  void aTextThatDiffersFromItsDeltasOrFromAnUndisturbedRunIsFound() {
    publish("a", null);
    delta("a", 0, "one", 1);
    complete("a", "one two", 1);
    publish("b", null);
    delta("b", 0, "three", 1);
    complete("b", "three", 1);
    assertThat(violations())
        .containsExactly(
            "a: the text of the deltas is not the text of the completion",
            "b: the text is not that of a run without faults");
  }

  @Test
  void missingDeltasAreFound() {
    publish("a", null);
    delta("a", 0, "one two", 1);
    complete("a", "one two", 1, 2);
    assertThat(violations()).containsExactly("a: has 1 tokens in deltas and 2 in its completion");
  }

  @Test
  void turnsOutOfOrderAreFound() {
    publish("a", "s");
    publish("b", "s");
    answer("b");
    answer("a");
    assertThat(violations()).containsExactly("s: its turns ended in the order [b, a]");
  }

  @Test
  void aFailureAndAStrangerAreFound() {
    publish("a", null);
    delta("a", 0, "one two", 1);
    history.onCompletion(
        completion("a", "one two", 1)
            .setFinishReason(FinishReason.FAILED)
            .setError(new CompletionError("ENGINE_ERROR", "it failed"))
            .build());
    delta("b", 0, "x", 1);
    assertThat(violations())
        .containsExactly("b: was never published", "a: failed with ENGINE_ERROR");
  }

  @Test
  void whatWasUnderWayHasGoneOnWhenEachRequestHasMoreTextOrItsEnd() {
    publish("a", null);
    publish("b", null);
    publish("waiting", null);
    delta("a", 0, "one ", 1);
    delta("b", 0, "one ", 1);
    Map<ChaosHistory.Published, Integer> before = history.underWay();
    assertThat(before.keySet())
        .extracting(ChaosHistory.Published::requestId)
        .containsExactlyInAnyOrder("a", "b");
    assertThat(history.wentOnAt(before)).isEmpty();
    delta("a", 1, "two", 2);
    assertThat(history.allWentOn(before)).isFalse();
    assertThat(history.wentOnAt(before)).hasSize(1);
    complete("b", "one ", 1);
    assertThat(history.allWentOn(before)).isTrue();
    assertThat(history.wentOnAt(before)).hasSize(2);
  }

  @Test
  void ofWhatIsUnderWayTheShortTextsCanBeAskedFor() {
    publish("begun", null);
    publish("advanced", null);
    delta("begun", 0, "one ", 1);
    delta("advanced", 0, "one two", 1, 2);
    assertThat(history.underWay(1).keySet())
        .extracting(ChaosHistory.Published::requestId)
        .containsExactly("begun");
  }
}
