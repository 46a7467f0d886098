package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.kv.KvPage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session's later turns compute only what is new, whatever became of its caches. */
class SessionCacheTest {
  private static final int PAGE = 32; // in fp32 more rows would be too large a record
  private static final int TURN = 40;

  private static TorchEngine engine;
  private static int[] text;
  private final MemoryPages pages = new MemoryPages("session");
  private int turns;

  @BeforeAll
  static void open() {
    engine = DemoEngine.open();
    text = DemoEngine.ids(engine, "The ship came in at noon with the tide. ".repeat(40));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @BeforeEach
  void forgetTheLastTest() {
    engine.forget(pages.session());
  }

  private Recording turn(TorchEngine on, int[] prompt, String mode) {
    return DemoEngine.run(
        on,
        DemoEngine.request("turn" + turns++, prompt, new int[0], greedy(TURN), mode)
            .withSession(pages));
  }

  private static Recording withoutSession(int[] prompt, String mode) {
    return DemoEngine.run(
        engine, DemoEngine.request("alone", prompt, new int[0], greedy(TURN), mode));
  }

  private static int[] transcript(int[] prompt, Recording turn) {
    return concat(prompt, turn.result().tokenIds());
  }

  private static int[] concat(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  private static int[] next(int[] transcript) {
    return concat(transcript, Arrays.copyOf(text, 20));
  }

  private static int[] prompt(int tokens) {
    return Arrays.copyOf(text, tokens);
  }

  private void awaitStored(int rows) {
    await().until(() -> pages.rows() == rows);
  }

  private static void assertSameDecoding(Recording turn, Recording expected) {
    assertThat(turn.result().tokenIds()).isEqualTo(expected.result().tokenIds());
    assertThat(turn.result().meanAcceptanceLength())
        .isEqualTo(expected.result().meanAcceptanceLength());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec", "budgeted"})
  void aSecondTurnFindsTheFirstOnTheDevice(String mode) {
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, mode));
    Recording second = turn(engine, next(soFar), mode);

    assertThat(second.result().cacheTier()).isEqualTo(CacheTier.DEVICE);
    assertThat(second.result().cachedTokens()).isEqualTo(soFar.length - 1);
    assertThat(second.result().tokenIds())
        .isEqualTo(withoutSession(next(soFar), mode).result().tokenIds());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec", "budgeted"})
  void anotherEngineFindsItInThePages(String mode) {
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, mode));
    awaitStored(soFar.length - 1);
    try (TorchEngine other = DemoEngine.open()) {
      Recording second = turn(other, next(soFar), mode);

      assertThat(second.result().cacheTier()).isEqualTo(CacheTier.STORE);
      assertThat(second.result().cachedTokens()).isEqualTo(soFar.length - 1);
      assertThat(second.result().tokenIds())
          .isEqualTo(withoutSession(next(soFar), mode).result().tokenIds());
    }
  }

  @Test
  void acceptanceIsTheSameOnEveryPath() {
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, "heterospec"));
    awaitStored(soFar.length - 1);
    Recording device = turn(engine, next(soFar), "heterospec");
    Recording rebuilt = withoutSession(next(soFar), "heterospec");
    engine.forget(pages.session());
    Recording stored = turn(engine, next(soFar), "heterospec");

    assertThat(stored.result().cacheTier()).isEqualTo(CacheTier.STORE);
    assertSameDecoding(device, rebuilt);
    assertSameDecoding(stored, rebuilt);
  }

  @Test
  void onlyNewPagesAreWritten() {
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, "heterospec"));
    awaitStored(soFar.length - 1);
    assertThat(pages.takeWritten()).containsExactly(0, 1, 2, 3, 4, 5);

    int[] more = transcript(next(soFar), turn(engine, next(soFar), "heterospec"));
    awaitStored(more.length - 1);
    assertThat(pages.takeWritten()).containsExactly(5, 6, 7);
  }

  @Test
  void aHistoryThatWasEditedKeepsWhatComesBefore() {
    int[] first = prompt(150);
    turn(engine, first, "heterospec");
    int[] edited = first.clone();
    edited[100] = first[101];
    edited[101] = first[100];
    Recording onDevice = turn(engine, edited, "heterospec");
    assertThat(onDevice.result().cachedTokens()).isEqualTo(99);
    assertSameDecoding(onDevice, withoutSession(edited, "heterospec"));

    awaitStored(edited.length + TURN - 1);
    engine.forget(pages.session());
    Recording fromPages = turn(engine, first, "heterospec");
    assertThat(fromPages.result().cachedTokens()).isEqualTo(99);
    assertSameDecoding(fromPages, withoutSession(first, "heterospec"));
  }

  @Test
  void aDamagedPageIsComputedAgain() {
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, "heterospec"));
    awaitStored(soFar.length - 1);
    engine.forget(pages.session());
    pages.replace(1, page -> damaged(page));
    Recording second = turn(engine, next(soFar), "heterospec");

    assertThat(second.result().cachedTokens()).isEqualTo(PAGE);
    assertSameDecoding(second, withoutSession(next(soFar), "heterospec"));
    awaitStored(soFar.length + 20 + TURN - 1);
    assertThat(pages.pages.get(1).intact()).as("replaced by a sound one").isTrue();
  }

  private static KvPage damaged(KvPage page) {
    byte[] target = page.target().clone();
    target[target.length / 2] ^= 1;
    return new KvPage(
        page.model(),
        page.dtype(),
        page.firstRow(),
        page.prefix(),
        page.tokens(),
        target,
        page.head(),
        page.checksum());
  }

  @Test
  void aTurnWithoutADraftHeadLeavesNothingForOneWithIt() {
    int[] first = prompt(100);
    int[] soFar = transcript(first, turn(engine, first, "vanilla"));
    awaitStored(soFar.length - 1);
    Recording second = turn(engine, next(soFar), "heterospec");

    assertThat(second.result().cacheTier()).isEqualTo(CacheTier.NONE);
    assertThat(second.result().cachedTokens()).isZero();
    assertSameDecoding(second, withoutSession(next(soFar), "heterospec"));
  }

  @Test
  void pagesWaitForRoomInTheStore() {
    pages.full = true;
    int[] first = prompt(150);
    int[] soFar = transcript(first, turn(engine, first, "heterospec"));
    assertThat(turn(engine, next(soFar), "heterospec").result().cacheTier())
        .as("the engine goes on meanwhile")
        .isEqualTo(CacheTier.DEVICE);
    assertThat(pages.pages).isEmpty();

    pages.full = false;
    awaitStored(soFar.length + 20 + TURN - 1);
  }

  @Test
  void sessionsLeaveTheDeviceWhenTheLiveNeedTheMemory() {
    try (TorchEngine small = TorchEngine.open(DemoEngine.options().withCacheBytes(8 << 20))) {
      List<MemoryPages> sessions =
          IntStream.range(0, 6).mapToObj(SessionCacheTest::session).toList();
      for (MemoryPages each : sessions) {
        DemoEngine.run(
            small,
            DemoEngine.request(each.session(), prompt(150), new int[0], greedy(TURN), "heterospec")
                .withSession(each));
      }
      await().until(() -> !small.sessions().containsKey(sessions.get(0).session()));
      assertThat(small.sessions()).containsKey(sessions.get(5).session());
      assertThat(small.healthy()).isTrue();
    }
  }

  private static MemoryPages session(int number) {
    return new MemoryPages("session-" + number);
  }
}
