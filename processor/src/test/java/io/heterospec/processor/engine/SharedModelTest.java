package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.torch.DeviceGroup;
import io.heterospec.processor.torch.TorchDevice;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine whose layers lie on several devices is like one with all on one. */
class SharedModelTest {
  private static TorchEngine whole;
  private static TorchEngine shared;
  private static int[] text;

  @BeforeAll
  static void open() {
    whole = DemoEngine.open();
    shared =
        TorchEngine.open(
            DemoEngine.options(),
            options -> {
              TorchDevice first = TorchDevice.open("cpu", 1);
              TorchDevice second = TorchDevice.open("cpu", 1);
              return ModelPair.load(options, new DeviceGroup("cpu, cpu", List.of(first, second)));
            });
    text = DemoEngine.ids(whole, "The ship came in at noon with the tide. ".repeat(10));
  }

  @AfterAll
  static void close() {
    whole.close();
    shared.close();
  }

  private static GenerationRequest request(int[] prompt, double temperature, String mode) {
    SamplingParams sampling = new SamplingParams(40, temperature, 0, 1, 3, List.of(), true);
    return DemoEngine.request("r" + prompt.length + mode, prompt, new int[0], sampling, mode);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec", "budgeted"})
  void everyPolicyDecodesTheSame(String mode) {
    for (double temperature : new double[] {0, 0.8}) {
      int[] prompt = Arrays.copyOf(text, 150);
      GenerationResult expected =
          DemoEngine.run(whole, request(prompt, temperature, mode)).result();
      GenerationResult actual = DemoEngine.run(shared, request(prompt, temperature, mode)).result();
      assertThat(actual.tokenIds()).isEqualTo(expected.tokenIds());
      if (!mode.equals("budgeted")) { // which learns from how long its own cycles took
        assertThat(actual.targetCalls()).isEqualTo(expected.targetCalls());
        assertThat(actual.verifiedTokens()).isEqualTo(expected.verifiedTokens());
      }
    }
  }

  @Test
  void scoresAreTheSame() {
    int[] ids = Arrays.copyOf(text, 60);
    assertThat(shared.score(ids, 5)).isEqualTo(whole.score(ids, 5));
  }

  @Test
  void aSessionMovesFromOneToTheOther() {
    MemoryPages pages = new MemoryPages("moving");
    int[] soFar = Arrays.copyOf(text, 100);
    for (TorchEngine engine : List.of(whole, shared, whole)) {
      Recording turn = DemoEngine.run(engine, request(soFar, 0, "heterospec").withSession(pages));
      if (soFar.length > 100) {
        assertThat(turn.result().cacheTier()).isEqualTo(CacheTier.STORE);
        assertThat(turn.result().cachedTokens()).isEqualTo(soFar.length - 11);
        assertThat(turn.result().tokenIds())
            .isEqualTo(DemoEngine.run(whole, request(soFar, 0, "vanilla")).result().tokenIds());
      }
      int[] all =
          IntStream.concat(Arrays.stream(soFar), Arrays.stream(turn.result().tokenIds())).toArray();
      await().until(() -> pages.rows() == all.length - 1);
      engine.forget(pages.session());
      soFar = IntStream.concat(Arrays.stream(all), Arrays.stream(text, 0, 10)).toArray();
    }
  }
}
