package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelOptionsTest {
  private final ModelOptions bundled = new ModelOptions();
  private final ModelOptions own = new ModelOptions();

  {
    for (ModelOptions each : new ModelOptions[] {bundled, own}) {
      each.device = "cpu";
      each.cacheMb = 64;
      each.tree = new TreeOptions();
    }
    own.model = Path.of("target");
  }

  @Test
  void aServerLeavesThePolicyOfYourOwnPairToItsEngine() {
    own.draft = Path.of("draft");
    assertThat(own.served(null).mode()).isNull();
    assertThat(own.served("eagle3").mode()).isEqualTo("eagle3");
  }

  @Test
  void theBundledPairAndWhatIsThereToBeLookedAtAreDecodedAsInThePaper() {
    own.draft = Path.of("draft");
    assertThat(bundled.served(null).mode()).isEqualTo("heterospec");
    assertThat(bundled.shown(null).mode()).isEqualTo("heterospec");
    assertThat(own.shown(null).mode()).isEqualTo("heterospec");
    assertThat(own.shown("vanilla").mode()).isEqualTo("vanilla");
  }

  @Test
  void withoutAHeadNoPolicyThatNeedsOneIsAskedFor() {
    assertThat(own.shown(null).mode()).isNull();
    assertThat(own.served(null).mode()).isNull();
  }
}
