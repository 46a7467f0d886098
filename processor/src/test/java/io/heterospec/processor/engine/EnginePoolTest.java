package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.kv.CacheTier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EnginePoolTest {
  private static final int TOKENS = 24;

  private TorchEngine first;
  private TorchEngine second;
  private EnginePool pool;
  private int[] prompt;

  @BeforeEach
  void open() {
    EngineOptions one = DemoEngine.options().withLimits(1, 0); // full with one generation
    first = TorchEngine.open(one);
    second = TorchEngine.open(one);
    pool = new EnginePool(List.of(first, second));
    prompt = DemoEngine.ids(first, "The harbour was quiet until the ship came in.");
  }

  @AfterEach
  void close() {
    pool.close();
    assertThat(first.healthy()).isFalse();
    assertThat(second.healthy()).isFalse();
  }

  private GenerationRequest request(String id, int tokens) {
    return DemoEngine.request(id, prompt, new int[0], greedy(tokens), "heterospec");
  }

  @Test
  void devicesShareTheWorkAndAFullPoolSaysSo() {
    List<Recording> recordings = IntStream.range(0, 2).mapToObj(i -> new Recording()).toList();
    // Long enough to be live when the next is offered, whatever this machine does.
    assertThat(pool.submit(request("a", 200), recordings.get(0))).isTrue();
    assertThat(pool.submit(request("b", 200), recordings.get(1))).isTrue();
    assertThat(List.of(first.load(), second.load())).containsExactly(1, 1);
    assertThat(pool.load()).isEqualTo(2);
    assertThat(pool.submit(request("c", TOKENS), new Recording())).isFalse();

    pool.cancel("a");
    pool.cancel("b");
    List<FinishReason> ends = new ArrayList<>();
    recordings.forEach(recording -> ends.add(recording.result().finishReason()));
    assertThat(ends).containsOnly(FinishReason.CANCELLED);
  }

  @Test
  void aTurnGoesToTheDeviceThatHasItsSession() {
    MemoryPages pages = new MemoryPages("s");
    DemoEngine.run(second, request("turn", TOKENS).withSession(pages));
    assertThat(pool.sessions()).containsKey("s");

    Recording next = new Recording();
    assertThat(pool.submit(request("next", TOKENS).withSession(pages), next)).isTrue();
    assertThat(next.result().cacheTier()).isEqualTo(CacheTier.DEVICE);

    pool.forget("s");
    DemoEngine.run(first, request("after", 1)); // behind the command to forget
    DemoEngine.run(second, request("after", 1));
    assertThat(pool.sessions()).isEmpty();
  }

  @Test
  void aDeviceThatCannotBeOpenedClosesTheOthers() {
    assertThatThrownBy(
            () ->
                EnginePool.open(
                    List.of(DemoEngine.options(), DemoEngine.options().withDevice("gpu:99")),
                    TorchEngine::open))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu:99");
  }
}
