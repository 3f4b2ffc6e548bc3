"""Names for simulated features: well-known ones that are right, artificial ones that say so."""

from __future__ import annotations

# Genera of the human gut with their lineage (names as in NCBI Taxonomy, 2023 phylum names).
LINEAGES = """
Bacteria Bacteroidota Bacteroidia Bacteroidales Bacteroidaceae: Bacteroides Phocaeicola
Bacteria Bacteroidota Bacteroidia Bacteroidales Prevotellaceae: Prevotella Paraprevotella Alloprevotella
Bacteria Bacteroidota Bacteroidia Bacteroidales Tannerellaceae: Parabacteroides
Bacteria Bacteroidota Bacteroidia Bacteroidales Rikenellaceae: Alistipes
Bacteria Bacteroidota Bacteroidia Bacteroidales Barnesiellaceae: Barnesiella Coprobacter
Bacteria Bacteroidota Bacteroidia Bacteroidales Odoribacteraceae: Odoribacter Butyricimonas
Bacteria Bacteroidota Bacteroidia Bacteroidales Porphyromonadaceae: Porphyromonas
Bacteria Bacillota Clostridia Lachnospirales Lachnospiraceae: Blautia Roseburia Dorea Coprococcus Anaerostipes Lachnospira
Bacteria Bacillota Clostridia Lachnospirales Lachnospiraceae: Anaerobutyricum Fusicatenibacter Eisenbergiella Hungatella Tyzzerella
Bacteria Bacillota Clostridia Eubacteriales Oscillospiraceae: Faecalibacterium Ruminococcus Subdoligranulum
Bacteria Bacillota Clostridia Eubacteriales Oscillospiraceae: Oscillibacter Flavonifractor Anaerotruncus Intestinimonas
Bacteria Bacillota Clostridia Eubacteriales Clostridiaceae: Clostridium
Bacteria Bacillota Clostridia Eubacteriales Eubacteriaceae: Eubacterium
Bacteria Bacillota Clostridia Eubacteriales Christensenellaceae: Christensenella
Bacteria Bacillota Clostridia Peptostreptococcales Peptostreptococcaceae: Romboutsia Intestinibacter Clostridioides
Bacteria Bacillota Bacilli Lactobacillales Lactobacillaceae: Lactobacillus Limosilactobacillus
Bacteria Bacillota Bacilli Lactobacillales Streptococcaceae: Streptococcus Lactococcus
Bacteria Bacillota Bacilli Lactobacillales Enterococcaceae: Enterococcus
Bacteria Bacillota Erysipelotrichia Erysipelotrichales Erysipelotrichaceae: Holdemania Turicibacter
Bacteria Bacillota Erysipelotrichia Erysipelotrichales Coprobacillaceae: Catenibacterium Coprobacillus
Bacteria Bacillota Negativicutes Veillonellales Veillonellaceae: Veillonella Dialister Megasphaera
Bacteria Bacillota Negativicutes Acidaminococcales Acidaminococcaceae: Phascolarctobacterium Acidaminococcus
Bacteria Bacillota Negativicutes Selenomonadales Selenomonadaceae: Mitsuokella Megamonas
Bacteria Actinomycetota Actinomycetes Bifidobacteriales Bifidobacteriaceae: Bifidobacterium
Bacteria Actinomycetota Coriobacteriia Coriobacteriales Coriobacteriaceae: Collinsella
Bacteria Actinomycetota Coriobacteriia Eggerthellales Eggerthellaceae: Eggerthella Slackia Adlercreutzia
Bacteria Pseudomonadota Gammaproteobacteria Enterobacterales Enterobacteriaceae: Escherichia Klebsiella
Bacteria Pseudomonadota Gammaproteobacteria Pasteurellales Pasteurellaceae: Haemophilus
Bacteria Pseudomonadota Betaproteobacteria Burkholderiales Sutterellaceae: Sutterella Parasutterella
Bacteria Thermodesulfobacteriota Desulfovibrionia Desulfovibrionales Desulfovibrionaceae: Desulfovibrio Bilophila
Bacteria Verrucomicrobiota Verrucomicrobiia Verrucomicrobiales Akkermansiaceae: Akkermansia
Bacteria Fusobacteriota Fusobacteriia Fusobacteriales Fusobacteriaceae: Fusobacterium
Archaea Methanobacteriota Methanobacteria Methanobacteriales Methanobacteriaceae: Methanobrevibacter
"""

# name | super-pathway | sub-pathway | HMDB | KEGG
METABOLITES = """
N-acetylglutamate|Amino Acid|Glutamate Metabolism|HMDB0001138|C00624
dimethylglycine|Amino Acid|Glycine, Serine and Threonine Metabolism|HMDB0000092|C01026
glycine|Amino Acid|Glycine, Serine and Threonine Metabolism|HMDB0000123|C00037
betaine|Amino Acid|Glycine, Serine and Threonine Metabolism|HMDB0000043|C00719
serine|Amino Acid|Glycine, Serine and Threonine Metabolism|HMDB0000187|C00065
threonine|Amino Acid|Glycine, Serine and Threonine Metabolism|HMDB0000167|C00188
glutamate|Amino Acid|Glutamate Metabolism|HMDB0000148|C00302
glutamine|Amino Acid|Glutamate Metabolism|HMDB0000641|C00064
aspartate|Amino Acid|Alanine and Aspartate Metabolism|HMDB0000191|C00049
asparagine|Amino Acid|Alanine and Aspartate Metabolism|HMDB0000168|C00152
histidine|Amino Acid|Histidine Metabolism|HMDB0000177|C00135
imidazole propionate|Amino Acid|Histidine Metabolism|HMDB0002271|C20522
lysine|Amino Acid|Lysine Metabolism|HMDB0000182|C00047
5-aminovalerate|Amino Acid|Lysine Metabolism|HMDB0003355|C00431
pipecolate|Amino Acid|Lysine Metabolism|HMDB0000070|C00408
phenylalanine|Amino Acid|Phenylalanine Metabolism|HMDB0000159|C00079
phenylacetate|Amino Acid|Phenylalanine Metabolism|HMDB0000209|C07086
tyrosine|Amino Acid|Tyrosine Metabolism|HMDB0000158|C00082
tyramine|Amino Acid|Tyrosine Metabolism|HMDB0000306|C00483
tryptophan|Amino Acid|Tryptophan Metabolism|HMDB0000929|C00078
serotonin|Amino Acid|Tryptophan Metabolism|HMDB0000259|C00780
tryptamine|Amino Acid|Tryptophan Metabolism|HMDB0000303|C00398
indolelactate|Amino Acid|Tryptophan Metabolism|HMDB0000671|C02043
leucine|Amino Acid|Leucine, Isoleucine and Valine Metabolism|HMDB0000687|C00123
isoleucine|Amino Acid|Leucine, Isoleucine and Valine Metabolism|HMDB0000172|C00407
valine|Amino Acid|Leucine, Isoleucine and Valine Metabolism|HMDB0000883|C00183
isovalerate|Amino Acid|Leucine, Isoleucine and Valine Metabolism|HMDB0000718|C08262
methionine|Amino Acid|Methionine, Cysteine, SAM and Taurine Metabolism|HMDB0000696|C00073
taurine|Amino Acid|Methionine, Cysteine, SAM and Taurine Metabolism|HMDB0000251|C00245
citrulline|Amino Acid|Urea cycle; Arginine and Proline Metabolism|HMDB0000904|C00327
arginine|Amino Acid|Urea cycle; Arginine and Proline Metabolism|HMDB0000517|C00062
proline|Amino Acid|Urea cycle; Arginine and Proline Metabolism|HMDB0000162|C00148
creatine|Amino Acid|Creatine Metabolism|HMDB0000064|C00300
creatinine|Amino Acid|Creatine Metabolism|HMDB0000562|C00791
spermidine|Amino Acid|Polyamine Metabolism|HMDB0001257|C00315
glucose|Carbohydrate|Glycolysis, Gluconeogenesis, and Pyruvate Metabolism|HMDB0000122|C00031
lactate|Carbohydrate|Glycolysis, Gluconeogenesis, and Pyruvate Metabolism|HMDB0000190|C00186
pyruvate|Carbohydrate|Glycolysis, Gluconeogenesis, and Pyruvate Metabolism|HMDB0000243|C00022
succinate|Energy|TCA Cycle|HMDB0000254|C00042
fumarate|Energy|TCA Cycle|HMDB0000134|C00122
malate|Energy|TCA Cycle|HMDB0000156|C00149
citrate|Energy|TCA Cycle|HMDB0000094|C00158
choline|Lipid|Phospholipid Metabolism|HMDB0000097|C00114
trimethylamine N-oxide|Lipid|Phospholipid Metabolism|HMDB0000925|C01104
carnitine|Lipid|Carnitine Metabolism|HMDB0000062|C00318
cholate|Lipid|Primary Bile Acid Metabolism|HMDB0000619|C00695
deoxycholate|Lipid|Secondary Bile Acid Metabolism|HMDB0000626|C04483
ursodeoxycholate|Lipid|Secondary Bile Acid Metabolism|HMDB0000946|C07880
valerate|Lipid|Short Chain Fatty Acid|HMDB0000892|C00803
cholesterol|Lipid|Sterol|HMDB0000067|C00187
nicotinate|Cofactors and Vitamins|Nicotinate and Nicotinamide Metabolism|HMDB0001488|C00253
pantothenate|Cofactors and Vitamins|Pantothenate and CoA Metabolism|HMDB0000210|C00864
hypoxanthine|Nucleotide|Purine Metabolism, (Hypo)Xanthine/Inosine containing|HMDB0000157|C00262
uracil|Nucleotide|Pyrimidine Metabolism, Uracil containing|HMDB0000300|C00106
caffeine|Xenobiotics|Xanthine Metabolism|HMDB0001847|C07481
"""
RANKS = ("domain", "phylum", "class", "order", "family", "genus")


def list_genera() -> list[tuple[str, ...]]:
    """Return (domain, phylum, class, order, family, genus) of real gut genera."""
    rows = []
    for line in LINEAGES.strip().splitlines():
        lineage, genera = line.split(": ")
        rows += [(*lineage.split(), genus) for genus in genera.split()]
    return rows


def list_metabolites() -> list[tuple[str, ...]]:
    """Return (name, super-pathway, sub-pathway, HMDB, KEGG) of real metabolites."""
    return [tuple(line.split("|")) for line in METABOLITES.strip().splitlines()]
