package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.engine.DemoEngine.Recording;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A draft head whose numbers overflow, as one in fp16 may: it costs speed, and no request. */
class BrokenHeadTest {
  private static final int NAN_IN_FP32_AND_TWICE_IN_BF16 = 0x7FC07FC0;

  @TempDir Path draft;

  @Test
  void theTargetDecodesOnWithoutProposals() throws IOException {
    Files.copy(SharedFixtures.demoDraft().resolve("config.json"), draft.resolve("config.json"));
    byte[] weights = Files.readAllBytes(SharedFixtures.demoDraft().resolve("model.safetensors"));
    ByteBuffer file = ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(file.getLong(0));
    JsonNode tensors = new ObjectMapper().readTree(weights, Long.BYTES, header);
    int at = tensors.path("fc.weight").path("data_offsets").path(0).asInt();
    file.putInt(Long.BYTES + header + at, NAN_IN_FP32_AND_TWICE_IN_BF16);
    Files.write(draft.resolve("model.safetensors"), weights);

    EngineOptions options =
        EngineOptions.of(SharedFixtures.demoTarget(), draft)
            .withThreads(1)
            .withCosts(TestCosts.cheap());
    try (TorchEngine engine = TorchEngine.open(options)) {
      int[] expected = run(engine, "vanilla").result().tokenIds();
      for (String mode : new String[] {"eagle3", "heterospec", "budgeted"}) {
        Recording recording = run(engine, mode);
        assertThat(recording.result().finishReason()).as(mode).isEqualTo(FinishReason.LENGTH);
        assertThat(recording.result().tokenIds()).as(mode).isEqualTo(expected);
      }
    }
  }

  private static Recording run(TorchEngine engine, String mode) {
    int[] prompt = DemoEngine.ids(engine, "Name ten rivers of the world. ");
    return DemoEngine.run(
        engine, DemoEngine.request(mode, prompt, new int[0], DemoEngine.greedy(12), mode));
  }
}
