package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import io.heterospec.processor.engine.DemoEngine.Recording;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A device that answers every call with the same error. */
class LostDeviceTest {
  private static final int[] PROMPT = {5, 9, 12, 7};

  private final AtomicBoolean broken = new AtomicBoolean();

  private TorchEngine open() {
    return TorchEngine.open(DemoEngine.options(), this::load);
  }

  private ModelPair load(EngineOptions options) {
    ModelPair pair = ModelPair.load(options);
    pair.devices()
        .first()
        .probe(
            method -> {
              if (broken.get()) {
                throw new EngineException(
                    "CUDA error: device-side assert triggered\nlibtorch goes on for many lines");
              }
            });
    return pair;
  }

  private static GenerationRequest request(String id) {
    return DemoEngine.request(id, PROMPT, new int[0], greedy(200), "heterospec");
  }

  @Test
  void theEngineDiesAtOnceAndWhatItRanGoesOnElsewhere() {
    CompletableFuture<Throwable> death = new CompletableFuture<>();
    Recording cut = new Recording();
    Recording whole;
    try (TorchEngine engine = open()) {
      engine.onDeath(death::complete);
      assertThat(engine.healthy()).isTrue();
      engine.submit(
          request("cut"),
          new GenerationListener() {
            @Override
            public void onStep(GenerationStep step) {
              cut.onStep(step);
              broken.set(true);
            }

            @Override
            public void onFinished(GenerationResult result) {
              cut.onFinished(result);
            }
          });
      GenerationResult result = cut.result();
      assertThat(result.isEngineLost()).isTrue();
      assertThat(result.tokenIds()).isNotEmpty();
      assertThat(death.orTimeout(10, TimeUnit.SECONDS).join())
          .isInstanceOf(DeviceLostException.class)
          .hasMessageEndingWith("device-side assert triggered");
      assertThat(engine.healthy()).isFalse();
      assertThatThrownBy(() -> engine.submit(request("late"), cut))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the engine died");
    }
    try (TorchEngine other = DemoEngine.open()) {
      int[] committed = cut.result().tokenIds();
      GenerationRequest rest =
          DemoEngine.request("cut", PROMPT, committed, greedy(200), "heterospec");
      whole = DemoEngine.run(other, request("whole"));
      assertThat(DemoEngine.run(other, rest).result().tokenIds())
          .isEqualTo(whole.result().tokenIds());
    }
  }

  @Test
  void oneLostDeviceIsTheDeathOfAPool() {
    CompletableFuture<Throwable> death = new CompletableFuture<>();
    try (EnginePool pool = new EnginePool(List.of(DemoEngine.open(), open()))) {
      pool.onDeath(death::complete);
      broken.set(true);
      Recording first = new Recording();
      Recording second = new Recording();
      pool.submit(request("a"), first); // each goes to the device with less to do
      pool.submit(request("b"), second);
      assertThat(death.orTimeout(10, TimeUnit.SECONDS).join())
          .isInstanceOf(DeviceLostException.class);
      assertThat(pool.healthy()).isFalse();
    }
  }

  @Test
  void whoeverListensTooLateIsToldToo() {
    broken.set(false);
    try (TorchEngine engine = open()) {
      broken.set(true);
      DemoEngine.run(engine, request("a"));
      CompletableFuture<Throwable> death = new CompletableFuture<>();
      engine.onDeath(death::complete);
      assertThat(death.orTimeout(10, TimeUnit.SECONDS).join())
          .isInstanceOf(DeviceLostException.class);
    }
  }
}
