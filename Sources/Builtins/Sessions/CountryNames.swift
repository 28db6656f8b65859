/// Names of countries, by the two letters that ISO 3166 gives them.
enum CountryNames {
  /// The name; what is no country keeps what it is called.
  static func name(of code: String) -> String { names[code] ?? code }

  private static let names = Dictionary(
    list.split(separator: ";").map { (String($0.prefix(2)), String($0.dropFirst(2))) }
  ) { first, _ in first }

  private static let list = """
    ADAndorra;AEUnited Arab Emirates;AFAfghanistan;AGAntigua & Barbuda;AIAnguilla;ALAlbania;\
    AMArmenia;AOAngola;AQAntarctica;ARArgentina;ASAmerican Samoa;ATAustria;AUAustralia;\
    AWAruba;AXÅland Islands;AZAzerbaijan;BABosnia & Herzegovina;BBBarbados;BDBangladesh;\
    BEBelgium;BFBurkina Faso;BGBulgaria;BHBahrain;BIBurundi;BJBenin;BLSt Barthelemy;BMBermuda;\
    BNBrunei;BOBolivia;BQCaribbean Netherlands;BRBrazil;BSBahamas;BTBhutan;BVBouvet Island;\
    BWBotswana;BYBelarus;BZBelize;CACanada;CCCocos (Keeling) Islands;CDDR Congo;\
    CFCentral African Rep.;CGCongo;CHSwitzerland;CICôte d'Ivoire;CKCook Islands;CLChile;\
    CMCameroon;CNChina;COColombia;CRCosta Rica;CUCuba;CVCape Verde;CWCuraçao;\
    CXChristmas Island;CYCyprus;CZCzechia;DEGermany;DJDjibouti;DKDenmark;DMDominica;\
    DODominican Republic;DZAlgeria;ECEcuador;EEEstonia;EGEgypt;EHWestern Sahara;EREritrea;\
    ESSpain;ETEthiopia;FIFinland;FJFiji;FKFalkland Islands;FMMicronesia;FOFaroe Islands;\
    FRFrance;GAGabon;GBUnited Kingdom;GDGrenada;GEGeorgia;GFFrench Guiana;GGGuernsey;GHGhana;\
    GIGibraltar;GLGreenland;GMGambia;GNGuinea;GPGuadeloupe;GQEquatorial Guinea;GRGreece;\
    GSSouth Georgia & the South Sandwich Islands;GTGuatemala;GUGuam;GWGuinea-Bissau;GYGuyana;\
    HKHong Kong;HMHeard Island & McDonald Islands;HNHonduras;HRCroatia;HTHaiti;HUHungary;\
    IDIndonesia;IEIreland;ILIsrael;IMIsle of Man;INIndia;IOBritish Indian Ocean Territory;\
    IQIraq;IRIran;ISIceland;ITItaly;JEJersey;JMJamaica;JOJordan;JPJapan;KEKenya;KGKyrgyzstan;\
    KHCambodia;KIKiribati;KMComoros;KNSt Kitts & Nevis;KPNorth Korea;KRSouth Korea;KWKuwait;\
    KYCayman Islands;KZKazakhstan;LALaos;LBLebanon;LCSt Lucia;LILiechtenstein;LKSri Lanka;\
    LRLiberia;LSLesotho;LTLithuania;LULuxembourg;LVLatvia;LYLibya;MAMorocco;MCMonaco;\
    MDMoldova;MEMontenegro;MFSt Martin (French);MGMadagascar;MHMarshall Islands;\
    MKNorth Macedonia;MLMali;MMMyanmar;MNMongolia;MOMacao;MPNorthern Mariana Islands;\
    MQMartinique;MRMauritania;MSMontserrat;MTMalta;MUMauritius;MVMaldives;MWMalawi;MXMexico;\
    MYMalaysia;MZMozambique;NANamibia;NCNew Caledonia;NENiger;NFNorfolk Island;NGNigeria;\
    NINicaragua;NLNetherlands;NONorway;NPNepal;NRNauru;NUNiue;NZNew Zealand;OMOman;PAPanama;\
    PEPeru;PFFrench Polynesia;PGPapua New Guinea;PHPhilippines;PKPakistan;PLPoland;\
    PMSt Pierre & Miquelon;PNPitcairn;PRPuerto Rico;PSPalestine;PTPortugal;PWPalau;PYParaguay;\
    QAQatar;RERéunion;RORomania;RSSerbia;RURussia;RWRwanda;SASaudi Arabia;SBSolomon Islands;\
    SCSeychelles;SDSudan;SESweden;SGSingapore;SHSt Helena;SISlovenia;SJSvalbard & Jan Mayen;\
    SKSlovakia;SLSierra Leone;SMSan Marino;SNSenegal;SOSomalia;SRSuriname;SSSouth Sudan;\
    STSao Tome & Principe;SVEl Salvador;SXSt Maarten (Dutch);SYSyria;SZEswatini (Swaziland);\
    TCTurks & Caicos Is;TDChad;TFFrench Southern Territories;TGTogo;THThailand;TJTajikistan;\
    TKTokelau;TLTimor-Leste;TMTurkmenistan;TNTunisia;TOTonga;TRTurkey;TTTrinidad & Tobago;\
    TVTuvalu;TWTaiwan;TZTanzania;UAUkraine;UGUganda;UMUS minor outlying islands;\
    USUnited States;UYUruguay;UZUzbekistan;VAVatican City;VCSt Vincent;VEVenezuela;\
    VGBritish Virgin Islands;VIUS Virgin Islands;VNVietnam;VUVanuatu;WFWallis & Futuna;\
    WSSamoa;YEYemen;YTMayotte;ZASouth Africa;ZMZambia;ZWZimbabwe;
    """
}
