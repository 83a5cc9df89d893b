package umem.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may know whom: the order of the modules, and what stays inside one.
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("umem");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "umem.error",
                "umem.provision",
                "umem.bindings.llama",
                "umem.engine.task",
                "umem.trainer.grpo",
                "umem.cli"
            })
    void everyModuleIsSeen(String name) {
        assertThat(CLASSES.containPackage(name)).isTrue();
    }

    @Test
    void everyModuleUsesOnlyThoseBeforeIt() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("umem..")
                .layer("native")
                .definedBy("umem.error..", "umem.provision..")
                .layer("bindings")
                .definedBy("umem.bindings..")
                .layer("engine")
                .definedBy("umem.engine..")
                .layer("trainer")
                .definedBy("umem.trainer..")
                .layer("cli")
                .definedBy("umem.cli..")
                .optionalLayer("bench")
                .definedBy("umem.bench..")
                .ensureAllClassesAreContainedInArchitecture()
                .whereLayer("native")
                .mayNotAccessAnyLayer()
                .whereLayer("bindings")
                .mayOnlyAccessLayers("native")
                .whereLayer("engine")
                .mayOnlyAccessLayers("native", "bindings")
                .whereLayer("trainer")
                .mayOnlyAccessLayers("native", "bindings", "engine")
                .whereLayer("cli")
                .mayOnlyAccessLayers("native", "bindings", "engine", "trainer")
                .check(CLASSES);
    }

    @Test
    void generatedCodeStaysInsideTheBindings() {
        noClasses()
                .that()
                .resideOutsideOfPackage("umem.bindings..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("umem.bindings.internal..")
                .check(CLASSES);
    }

    /// Rows of numbers may be memory segments everywhere; how C lays out a struct or finds a function may not.
    @Test
    void nobodyAboveTheBindingsSeesCThroughJava() {
        noClasses()
                .that()
                .resideInAnyPackage("umem.engine..", "umem.trainer..", "umem.cli..", "umem.bench..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.foreign\\.(MemoryLayout|StructLayout|SequenceLayout|UnionLayout|"
                        + "FunctionDescriptor|Linker|SymbolLookup)(\\$.*)?")
                .check(CLASSES);
    }

    @Test
    void namesSayWhatAClassIs() {
        noClasses()
                .should()
                .haveNameMatching(".*(Manager|Helper|Helpers|Util|Utils|Impl)(\\$.*)?")
                .check(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"umem.engine.(**)", "umem.bindings.(*)..", "umem.trainer.(*)..", "umem.cli.(**)"})
    void noCircles(String packages) {
        slices().matching(packages)
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /// What is below the command line reports by exceptions, results and System.Logger.
    @Test
    void onlyTheCommandLinePrints() {
        noClasses()
                .that()
                .resideInAnyPackage("umem.bindings..", "umem.engine..", "umem.trainer..")
                .and()
                .resideOutsideOfPackage("umem.bindings.internal.generated..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(CLASSES);
    }

    @Test
    void ourExceptionsAreOfOneFamily() {
        classes()
                .that()
                .areAssignableTo(RuntimeException.class)
                .and()
                .resideOutsideOfPackage("umem.provision..")
                .should()
                .beAssignableTo("umem.error.UmemException")
                .check(CLASSES);
    }
}
