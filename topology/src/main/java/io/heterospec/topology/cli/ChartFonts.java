package io.heterospec.topology.cli;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/** Whether this machine can draw text: minimal installations and containers often have no fonts. */
final class ChartFonts {
  private ChartFonts() {}

  /**
   * Draws a word without a screen.
   *
   * @throws IllegalStateException saying what to install
   */
  static void require() {
    System.setProperty("java.awt.headless", "true");
    require(ChartFonts::drawWord);
  }

  static void require(Runnable probe) {
    try {
      probe.run();
    } catch (RuntimeException | InternalError | LinkageError e) {
      throw new IllegalStateException(
          "--chart needs fonts, and this machine has none that Java can use; install fontconfig and"
              + " a font, such as fonts-dejavu-core",
          e);
    }
  }

  private static void drawWord() {
    Graphics2D graphics = new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB).createGraphics();
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 9));
    graphics.drawString("tokens", 0, 9);
    graphics.dispose();
  }
}
