package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Dtype;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static final long MIB = 1 << 20;
  private static final long RESERVE = 512 * MIB;

  private final EngineOptions options =
      EngineOptions.of(SharedFixtures.demoTarget(), SharedFixtures.demoDraft())
          .withCacheBytes(64 * MIB);
  private TargetCheckpoint target;
  private DraftCheckpoint draft;

  @BeforeEach
  void open() {
    target = TargetCheckpoint.open(SharedFixtures.demoTarget());
    draft = DraftCheckpoint.open(SharedFixtures.demoDraft(), target.config());
  }

  @AfterEach
  void close() {
    draft.close();
    target.close();
  }

  private MemoryPlan plan(DraftCheckpoint head, Dtype dtype, OptionalLong available) {
    EngineOptions used = head == null ? EngineOptions.of(options.model(), null) : options;
    return MemoryPlan.of(used.withCacheBytes(64 * MIB), target, head, dtype, available);
  }

  @Test
  void weightsAreThoseOfTheFilesInTheArithmeticsTypeAndTheRest() {
    MemoryPlan plan = plan(draft, Dtype.BF16, OptionalLong.empty());
    long files = 2 * (target.tensors().parameterCount() + draft.tensors().parameterCount());
    // A tied embedding is there twice, and the rotary tables count.
    long embedding = 2L * target.config().vocabularySize() * target.config().hiddenSize();
    assertThat(plan.weights()).isBetween(files, files + embedding + 2 * MIB);
    assertThat(plan(draft, Dtype.FP32, OptionalLong.empty()).weights())
        .isEqualTo(2 * plan.weights());
    assertThat(plan.caches()).isEqualTo(64 * MIB);
  }

  @Test
  void cachesGetWhatIsLeft() {
    MemoryPlan plan = plan(draft, Dtype.BF16, OptionalLong.empty());
    long need = plan.weights() + plan.workspace() + RESERVE;
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(need + 20 * MIB)).caches())
        .isEqualTo(20 * MIB);
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(need + 200 * MIB)).caches())
        .isEqualTo(64 * MIB);
  }

  @Test
  void whatDoesNotFitIsRefusedWithWhatWould() {
    MemoryPlan sixteen = plan(draft, Dtype.BF16, OptionalLong.empty());
    long enough = sixteen.weights() + sixteen.workspace() + RESERVE + 8 * MIB;
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(enough)).caches()).isPositive();
    assertThatThrownBy(() -> plan(draft, Dtype.FP32, OptionalLong.of(enough)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(options.model().toString(), "on cpu", "--dtype bf16 would fit");
    long without = enough - 6 * MIB;
    assertThatThrownBy(() -> plan(draft, Dtype.BF16, OptionalLong.of(without)))
        .hasMessageContaining("without --draft it would fit");
    assertThat(plan(null, Dtype.BF16, OptionalLong.of(without)).caches()).isPositive();
    assertThatThrownBy(() -> plan(null, Dtype.BF16, OptionalLong.of(RESERVE)))
        .hasMessageContaining("use a smaller model, or a device with more memory");
  }
}
