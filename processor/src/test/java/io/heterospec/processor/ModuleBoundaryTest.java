package io.heterospec.processor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.heterospec.processor",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleBoundaryTest {

  @ArchTest
  static final ArchRule theEngineKnowsNothingOfKafka =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..", "io.heterospec.schemas..", "io.heterospec.topology..");

  @ArchTest
  static final ArchRule onlyTorchTouchesPyTorch =
      noClasses()
          .that()
          .resideOutsideOfPackage("..processor.torch..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl.pytorch..", "ai.djl.ndarray..", "ai.djl.engine..");

  @ArchTest
  static final ArchRule treesAreArithmeticOnly =
      noClasses()
          .that()
          .resideInAPackage("..processor.tree..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "ai.djl..", "..processor.torch..", "..processor.model..", "..processor.engine..");

  @ArchTest
  static final ArchRule checkpointsAreFilesOnly =
      noClasses()
          .that()
          .resideInAPackage("..processor.checkpoint..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "ai.djl..", "..processor.torch..", "..processor.text..", "..processor.engine..");

  @ArchTest
  static final ArchRule modelsDoNotKnowTheEngine =
      noClasses()
          .that()
          .resideInAnyPackage("..processor.model..", "..processor.torch..", "..processor.text..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..processor.engine..");
}
